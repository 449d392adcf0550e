import { webhookIdText } from '../../actors/log/webhookEvents.ts'
import { newId } from '../client/node.ts'
import type { Found } from './journal.ts'
import type { TestApi, TestWallet } from './testApi.ts'
import type { SampleOf } from './testOperations.ts'
import type { JournalWebhook, WebhookJournal } from './webhookJournal.ts'

const withId = () => ({ request_id: newId() })
const merchantPath = ({ walletId }: TestWallet, tail: string): string => `/v1/merchants/${walletId}${tail}`

/** Good requests about what a merchant is told. */
export const webhookSamples: Readonly<Record<string, SampleOf>> = {
  showWebhookSecret: {
    by: 'own',
    sample: (_, own) => ({ path: merchantPath(own, '/webhook-secret') }),
  },
  rotateWebhookSecret: {
    by: 'own',
    sample: (_, own) => ({ path: merchantPath(own, '/webhook-secret/rotate'), json: withId() }),
  },
  listWebhooks: {
    by: 'own',
    sample: (api, own) => {
      api.told = [toldOf(own)]
      return { path: merchantPath(own, '/webhooks?limit=10') }
    },
  },
  showWebhook: { by: 'own', sample: (api, own) => ({ path: toldPath(api, own) }) },
  replayWebhook: { by: 'own', sample: (api, own) => ({ path: `${toldPath(api, own)}/replay`, json: withId() }) },
  listDeadWebhooks: {
    by: 'operator',
    sample: (api, own) => {
      api.told = [toldOf(own)]
      return { path: '/v1/webhooks/dead?limit=10' }
    },
  },
}

/** That an order of this merchant was paid, as the journal has it. */
export function toldOf({ walletId }: TestWallet): JournalWebhook {
  const nowMs = Date.now()
  const place = { shard: 0, seq: 9, index: 0 }
  const paid = { payer: 1_048_576, payerKind: 1, paymentId: new Uint8Array(16).fill(0x70) }
  const refund = { refundId: undefined, refundFen: 0, reason: 0 }
  const event = {
    eventId: new Uint8Array(16).fill(7),
    type: 'order.paid' as const,
    merchant: Number(walletId.slice(1)),
    orderNo: 'T-1',
    amountFen: 1_250,
    createdMs: nowMs,
    expiresMs: nowMs + 60_000,
    atMs: nowMs,
    ...place,
    ...paid,
    ...refund,
  }
  return { place: 5, event, state: 'dead', attempts: 29, replays: 0, nextMs: 0, endedMs: nowMs }
}

function toldPath(api: TestApi, own: TestWallet): string {
  const told = toldOf(own)
  api.told = [told]
  return merchantPath(own, `/webhooks/${webhookIdText(told.event.eventId)}`)
}

const deliveryOnce = {
  replay: 0,
  attempt: 1,
  atMs: Date.now(),
  url: 'https://shop.example/paid',
  status: 500,
  error: 'answered 500',
  durationMs: 12,
  response: 'no',
}

/** A journal in which every merchant was told of the same; away while that is undefined. */
export function webhooksTold(told: () => readonly JournalWebhook[] | undefined): WebhookJournal {
  const followed = { shard: 0, seq: 9, timeMs: Date.now() }
  const found = async <T>(record: (webhooks: readonly JournalWebhook[]) => T): Promise<Found<T>> => {
    const webhooks = told()
    return webhooks === undefined ? { kind: 'away' } : { kind: 'found', record: record(webhooks) }
  }
  return {
    ofMerchant: () => found((webhooks) => ({ webhooks, followed, more: false })),
    one: async (_merchant, eventId) => {
      const webhook = told()?.find(({ event }) => Buffer.compare(event.eventId, eventId) === 0)
      if (webhook === undefined) return { kind: told() === undefined ? 'away' : 'none' }
      return { kind: 'found', record: { webhook, deliveries: [deliveryOnce], followed } }
    },
    dead: () => found((webhooks) => ({ webhooks, more: false })),
  }
}
