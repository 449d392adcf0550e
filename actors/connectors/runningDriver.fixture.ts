import { openAccount, openBankToken } from '../log/accountSealing.ts'
import { createSealer } from '../log/sealing.ts'
import { createBankClient, regionBankCode } from './bank.ts'
import { createCentralBankClient } from './centralBank.ts'
import { type DriverEvent, SagaDriver } from './driver.ts'
import type { SandboxProcesses } from './sandbox/sandboxProcesses.fixture.ts'
import { StepLane } from './stepLane.ts'
import type { WalletShard } from './walletShard.fixture.ts'

export type RunningDriver = { driver: SagaDriver; events: DriverEvent[]; stop(): Promise<void>; abandon(): void }

/** A connector as its process runs it, with the log in memory in place of NATS. */
export function runDriver(
  sandbox: SandboxProcesses,
  shard: WalletShard,
  connectorId: string,
  doubtsMax: number,
  nowMs: () => number = Date.now,
): RunningDriver {
  const patience = { timeoutMs: 500, retryDelayMs: 5, retryDelayMsMax: 20, breakerOpenMs: 30 }
  const events: DriverEvent[] = []
  let counter = 0
  const lane = new StepLane({
    region: 'a',
    connectorId,
    shard: 0,
    incarnation: Number(connectorId) * 1_000_000 + Math.floor(Math.random() * 1_000_000),
    nextCounter: () => ++counter,
    sealer: createSealer(shard.ring, 0),
    ports: {
      nowMs: () => Date.now(),
      random: () => Math.random(),
      after: (delayMs, work) => void setTimeout(work, delayMs / 10),
      append: (_shard, subject, frame) => shard.log.append(subject, frame),
      onError: (error) => {
        throw error
      },
    },
  })
  const { blobs } = shard
  let abandoned = false
  const driver = new SagaDriver({
    bank: createBankClient({ baseUrl: sandbox.bank.url, secret: sandbox.bankSecret, ...patience }),
    centralBank: createCentralBankClient({
      baseUrl: sandbox.centralBank.url,
      secret: sandbox.centralBankSecret,
      ...patience,
    }),
    bankCode: regionBankCode,
    open: ({ walletNumber, txId, sealedAccount, sealedToken }) => ({
      accountNo: openAccount(blobs, walletNumber, sealedAccount),
      authToken: sealedToken.length === 0 ? '' : openBankToken(blobs, walletNumber, txId, sealedToken),
    }),
    reached: (step) => {
      if (!abandoned) lane.add(step)
    },
    nowMs,
    onEvent: (event) => events.push(event),
    doubtsMax,
  })
  const unsubscribe = shard.subscribe((effect) => driver.onEffect(effect))
  return {
    driver,
    events,
    stop: async () => {
      unsubscribe()
      await driver.drain()
      await lane.flushed()
    },
    // As kill -9: what is under way goes on at the far sides, but nobody hears of it.
    abandon: () => {
      unsubscribe()
      abandoned = true
    },
  }
}
