import type { WebhookEvent, WebhookState } from '../../actors/log/webhookEvents.ts'
import type { Followed, Found } from './journal.ts'

/** What a merchant is told of, and how the telling stands. */
export type JournalWebhook = {
  /** Rises with each event: where the next page begins. */
  readonly place: number
  readonly event: WebhookEvent
  readonly state: WebhookState
  readonly attempts: number
  readonly replays: number
  readonly nextMs: number
  readonly endedMs: number | undefined
}

/** One try to tell it. */
export type JournalDelivery = {
  readonly replay: number
  readonly attempt: number
  readonly atMs: number
  readonly url: string
  readonly status: number
  readonly error: string
  readonly durationMs: number
  readonly response: string
}

export type WebhooksPage = {
  readonly webhooks: readonly JournalWebhook[]
  readonly followed: Followed
  readonly more: boolean
}

/** What the webhook program of this region has written down, read only. */
export interface WebhookJournal {
  /** A merchant's, newest first; `before` is where the last page ended. */
  ofMerchant(
    merchant: number,
    filter: { state?: WebhookState; orderNo?: string },
    before: number | undefined,
    count: number,
  ): Promise<Found<WebhooksPage>>
  one(
    merchant: number,
    eventId: Uint8Array,
  ): Promise<Found<{ webhook: JournalWebhook; deliveries: readonly JournalDelivery[]; followed: Followed }>>
  /** Of all merchants what could not be told, newest first. */
  dead(
    before: number | undefined,
    count: number,
  ): Promise<Found<{ webhooks: readonly JournalWebhook[]; more: boolean }>>
}
