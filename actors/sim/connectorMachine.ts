import { regionBankCode } from '../connectors/bank.ts'
import { SagaDriver } from '../connectors/driver.ts'
import { readEffect } from '../connectors/effectMessage.ts'
import { StepLane } from '../connectors/stepLane.ts'
import { openAccount, openBankToken } from '../log/accountSealing.ts'
import { effectsSubject } from '../log/subjects.ts'
import { farPorts } from './farPorts.ts'
import { ownersSeen } from './ownersSeen.ts'
import type { Region } from './region.ts'
import type { SimProcess } from './simProcess.ts'

const doubtsMax = 4

/** Starts the connector's real driver and lanes against the simulated far sides. */
export function startConnector(region: Region, process: SimProcess): void {
  const { world } = region
  const { bus, time, chronicle } = world
  const prng = world.prng.fork(`connector ${region.name} ${world.nextSerial()}`)
  const incarnation = world.newIncarnation(process)
  const owners = ownersSeen(region, process)
  let counter = 0
  const lanes = region.logs.map(
    (_, shard) =>
      new StepLane({
        region: region.name,
        owners,
        connectorId: String(region.index + 1),
        shard,
        incarnation,
        nextCounter: () => ++counter,
        sealer: world.sealerFor(shard),
        ports: {
          nowMs: () => process.clock.nowMs(),
          random: () => prng.unit(),
          after: (delayMs, work) => void process.after(delayMs, work),
          append: (_shard, subject, frame, timeoutMs) =>
            world.logOf(subject).of(process).append(subject, frame, { timeoutMs }),
          onError: (error) => chronicle.violation(`the connector's lane failed: ${String(error)}`),
        },
      }),
  )
  const driver = new SagaDriver({
    ...world.mistakes.farPorts(farPorts(world.far, process, prng)),
    bankCode: regionBankCode,
    open: ({ walletNumber, txId, sealedAccount, sealedToken }) => ({
      accountNo: openAccount(world.blobs, walletNumber, sealedAccount),
      authToken: sealedToken.length === 0 ? '' : openBankToken(world.blobs, walletNumber, txId, sealedToken),
    }),
    reached: (step) => lanes[step.shard]!.add(step),
    nowMs: () => time.nowMs,
    doubtsMax,
    onEvent: (event) => {
      if (event.kind === 'outcome') chronicle.tell(`saga.${event.operation}.${event.outcome}`)
      else if (event.kind === 'reached') chronicle.tell(`saga.${event.saga}.step${event.step}`)
      else chronicle.violation(`a saga is stuck: ${event.txId} ${event.why}`)
    },
  })
  for (let shard = 0; shard < region.logs.length; shard++) {
    bus.subscribe(process, effectsSubject(region.name, shard), (message) => driver.onEffect(readEffect(message)))
  }
}
