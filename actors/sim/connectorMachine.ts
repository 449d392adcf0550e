import { regionBankCode } from '../connectors/bank.ts'
import { SagaDriver } from '../connectors/driver.ts'
import { readEffect } from '../connectors/effectMessage.ts'
import { StepLane } from '../connectors/stepLane.ts'
import { openAccount, openBankToken } from '../log/accountSealing.ts'
import { effectsSubject } from '../log/subjects.ts'
import { farPorts } from './farPorts.ts'
import type { Region } from './region.ts'
import type { SimProcess } from './simProcess.ts'

const doubtsMax = 4

/** Starts the connector's real driver and lanes against the simulated far sides. */
export function startConnector(region: Region, process: SimProcess): void {
  const { bus, logs, time, chronicle, scenario } = region
  const prng = region.prng.fork(`connector ${region.nextSerial()}`)
  const incarnation = region.newIncarnation(process)
  let counter = 0
  const lanes = logs.map(
    (log, shard) =>
      new StepLane({
        region: region.name,
        connectorId: '1',
        shard,
        incarnation,
        nextCounter: () => ++counter,
        sealer: region.sealerFor(shard),
        ports: {
          nowMs: () => process.clock.nowMs(),
          random: () => prng.unit(),
          after: (delayMs, work) => void process.after(delayMs, work),
          append: (_shard, subject, frame, timeoutMs) => log.of(process).append(subject, frame, { timeoutMs }),
          onError: (error) => chronicle.violation(`the connector's lane failed: ${String(error)}`),
        },
      }),
  )
  const driver = new SagaDriver({
    ...region.mistakes.farPorts(farPorts(region.far, process, prng)),
    bankCode: regionBankCode,
    open: ({ walletNumber, txId, sealedAccount, sealedToken }) => ({
      accountNo: openAccount(region.blobs, walletNumber, sealedAccount),
      authToken: sealedToken.length === 0 ? '' : openBankToken(region.blobs, walletNumber, txId, sealedToken),
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
  for (let shard = 0; shard < scenario.shardCount; shard++) {
    bus.subscribe(process, effectsSubject(region.name, shard), (message) => driver.onEffect(readEffect(message)))
  }
}
