import { RateLimits } from '../../edge/auth/rateLimits.ts'
import { siteOf } from '../../edge/auth/site.ts'
import { Gateway } from '../../edge/gateway/gateway.ts'
import { ShardUnavailable } from '../../edge/gateway/ports.ts'
import type { Journal } from '../../edge/routes/journal.ts'
import { PaymentDesk } from '../../edge/routes/paymentDesk.ts'
import { answersSubject, querySubject } from '../log/subjects.ts'
import { NoReply } from './bus.ts'
import { ownersSeen } from './ownersSeen.ts'
import type { Region } from './region.ts'
import { simulatedSignature } from './simKeys.ts'
import type { SimProcess } from './simProcess.ts'

/** An edge below HTTP: the real gateway and desk of payments. */
export type Edge = { readonly gateway: Gateway; readonly desk: PaymentDesk; readonly process: SimProcess }

const tokensPerStart = 2 ** 32
/** People here are few and patient. What the limits count they count by the machine's clock, which is not ours. */
const noLimits = { addressPerSecondMax: 1e9, walletPerSecondMax: 1e9, principalPerSecondMax: 1e9 }

/** Postgres is no part of the simulation: what only the journal remembers is not known here. */
const away = async (): Promise<{ kind: 'away' }> => ({ kind: 'away' })
const noJournal: Journal = {
  payment: away,
  paymentsById: away,
  paymentsOfBatch: away,
  saga: away,
  entries: away,
  order: away,
  orders: away,
  refunds: away,
  holds: away,
  mandate: away,
  mandates: away,
  mandatesFor: away,
  mandatePayments: away,
  merchant: away,
  merchantUsers: away,
  userName: away,
  events: away,
  statement: away,
  disputes: away,
  orderOfPayment: async () => undefined,
  proposals: away,
  standings: away,
  followed: away,
  close: async () => undefined,
}

export function startEdge(region: Region, process: SimProcess, index: number): Edge {
  const { world } = region
  const { bus, time, chronicle, scenario } = world
  const edgeId = String(region.index * scenario.edgeCount + index + 1)
  const serial = world.nextSerial()
  const prng = world.prng.fork(`edge ${edgeId} ${serial}`)
  let token = serial * tokensPerStart
  const gateway = new Gateway({
    region: region.name,
    owners: ownersSeen(region, process),
    edgeId,
    shardCount: scenario.shardCount,
    incarnation: world.newIncarnation(process),
    sealerFor: world.sealerFor,
    nextToken: () => token++,
    ports: {
      nowMs: () => process.clock.nowMs(),
      monotonicMs: () => time.nowMs,
      random: () => prng.unit(),
      after: (delayMs, work) => process.after(delayMs, work),
      append: (_shard, subject, frame, timeoutMs) =>
        world.logOf(subject).of(process).append(subject, frame, { timeoutMs }),
      request: (shard, query, timeoutMs, from) =>
        bus.request(process, querySubject(from, shard), query, timeoutMs).catch((error: unknown) => {
          if (!(error instanceof NoReply)) throw error
          throw new ShardUnavailable(shard, error.why === 'none' ? 'no-leader' : 'timeout')
        }),
      connected: () => !process.cutOff,
      onFault: (what) => chronicle.tell(`edge: ${what.replace(/\d+/g, 'n')}`),
    },
  })
  bus.subscribe(process, answersSubject(edgeId), (message) => gateway.onAnswer(message))
  gateway.start()
  const verify = async (key: { key: Uint8Array }, message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
    Buffer.compare(simulatedSignature(key.key, message), signature) === 0
  const desk = new PaymentDesk(
    gateway,
    verify,
    noJournal,
    new RateLimits(noLimits),
    siteOf('https://simulated.example'),
  )
  return { gateway, desk, process }
}
