import { commandOps } from '../../actors/ledger/records.ts'
import type { RegionHealth } from '../region/regionWatch.ts'
import type { Inspection, PaymentTrail } from './inspection.ts'

const executed = { shard: 0, seq: 9, index: 0, timeMs: 1_795_500_000_000 }
const id = Uint8Array.from({ length: 16 }, (_, i) => (i === 6 ? 0x70 : i === 8 ? 0x80 : i))
const payment = {
  code: 0,
  complete: true,
  executed,
  digest: new Uint8Array(8),
  amountFen: 1_050,
  payer: 1_048_576,
  payee: 1_048_577,
  id,
}
const leg = (shard: number, deltaFen: number, wallet: number) => ({
  executed: { ...executed, shard },
  deltaFen,
  wallet,
})
const trail: PaymentTrail = {
  payment,
  debit: leg(0, -1_050, payment.payer),
  credit: leg(1, 1_050, payment.payee),
  returned: undefined,
  lane: { destination: 1, transit: 3, received: 4 },
  order: { merchant: payment.payee, orderNo: 'A-1', refund: false },
}
const fields = JSON.stringify({ wallet: payment.payer, action: 1 })
const act = { executed, operator: 1, op: commandOps.walletStatus, id, wallet: payment.payer, walletKind: 1, code: 0 }
const report = JSON.stringify({ figures: { 'wallets.compared': 3 }, notes: ['nothing to say'] })

/** A journal with one of each. */
export const oneOfEach: Inspection = {
  acts: async () => ({ kind: 'found', record: { acts: [{ ...act, fields, reason: 'asked by a court' }], more: true } }),
  payments: async () => ({ kind: 'found', record: { payments: [payment], more: true } }),
  trail: async () => ({ kind: 'found', record: trail }),
  reconciliations: async () => ({
    kind: 'found',
    record: [{ endedMs: executed.timeMs, verdict: 'pass', differenceFen: -5n, report }],
  }),
}

export const calmRegion: RegionHealth = {
  region: 'a',
  peer: 'b',
  takenMs: executed.timeMs,
  shards: [
    {
      shard: 0,
      owner: 'a',
      epoch: 3,
      mode: 'sync',
      worker: 'worker-0',
      role: 'owner',
      seq: 9,
      commands: 7,
      markLag: 0,
    },
    { shard: 1, owner: undefined, epoch: undefined, mode: undefined, worker: undefined },
  ],
  processes: [
    { name: 'worker-0', ready: true, detail: undefined },
    { name: 'projector', ready: false, detail: 'does not answer' },
  ],
}

/** What a test puts in its place later counts. */
export const inspectionNow = (now: () => Inspection): Inspection => ({
  acts: (...asked) => now().acts(...asked),
  payments: (...asked) => now().payments(...asked),
  trail: (...asked) => now().trail(...asked),
  reconciliations: (...asked) => now().reconciliations(...asked),
})
