import { commandOps } from '../../actors/ledger/records.ts'
import type { DrillReport } from '../region/drillReports.ts'
import type { RegionHealth } from '../region/regionWatch.ts'
import type { Inspection, PaymentTrail } from './inspection.ts'
import type { Services } from './operation.ts'

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
const shop = {
  wallet: 1_048_577,
  institution: 1,
  state: 'open',
  standing: 1,
  profileVersion: 2,
  changedMs: 1_795_500_000_000,
}
const report = JSON.stringify({ figures: { 'wallets.compared': 3 }, notes: ['nothing to say'] })

/** A journal with one of each. */
export const oneOfEach: Inspection = {
  acts: async () => ({ kind: 'found', record: { acts: [{ ...act, fields, reason: 'asked by a court' }], more: true } }),
  payments: async () => ({ kind: 'found', record: { payments: [payment], more: true } }),
  trail: async () => ({ kind: 'found', record: trail }),
  merchants: async () => ({
    kind: 'found',
    record: {
      merchants: [{ ...shop, content: JSON.stringify({ name_zh: '茶馆', contact: 'tea@shop.example' }) }],
      more: true,
    },
  }),
  reconciliations: async () => ({
    kind: 'found',
    record: [{ endedMs: executed.timeMs, verdict: 'pass', differenceFen: -5n, report }],
  }),
}

const drill: DrillReport = {
  name: 'planned-move-2026-11-26T041248',
  drill: 'planned-move',
  endedMs: executed.timeMs,
  verdict: 'pass',
  figures: { rto_ms: 180.4, rpo_payments: 0, rpo_fen: 0, difference_fen: -5, seconds: 31 },
  checks: [{ name: 'nothing lost', verdict: 'pass', detail: '9,000 answered' }],
  notes: ['nothing to say'],
}
const drillPage = new TextEncoder().encode(
  '<!doctype html><title>Drill</title><style>p{color:red}</style><p>Passed</p>',
)

/** A folder with the report of one drill. */
export const oneDrill: Services['drills'] = {
  list: async () => [drill],
  one: async (name) => (name === drill.name ? drill : undefined),
  page: async (name) => (name === drill.name ? drillPage : undefined),
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
  merchants: (...asked) => now().merchants(...asked),
  reconciliations: (...asked) => now().reconciliations(...asked),
})
