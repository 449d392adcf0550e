import type { z } from '@hono/zod-openapi'
import type { LabelOf, PaymentOf, PersonalTexts } from '../../actors/log/personalTexts.ts'
import type { Site } from '../auth/site.ts'
import type { EventHub } from '../events/eventHub.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PayLinks } from '../pay/payLinks.ts'
import type { DrillReports } from '../region/drillReports.ts'
import type { RegionWatch } from '../region/regionWatch.ts'
import type { AccountVault } from './accounts.ts'
import type { Caller, Role } from './caller.ts'
import type { Inspection } from './inspection.ts'
import type { Journal } from './journal.ts'
import type { NameVault } from './legalName.ts'
import type { Origin } from './origin.ts'
import type { PaymentDesk } from './paymentDesk.ts'
import type { WebhookJournal } from './webhookJournal.ts'
import type { WebhookSecretVault } from './webhookSecretVault.ts'

/** What the operations work with. */
export type Services = {
  readonly gateway: Gateway
  readonly vault: AccountVault
  readonly names: NameVault
  readonly cases: PersonalTexts<PaymentOf>
  readonly labels: PersonalTexts<LabelOf>
  readonly journal: Journal
  readonly payments: PaymentDesk
  readonly events: EventHub
  readonly payLinks: PayLinks
  readonly site: Site
  readonly webhooks: WebhookJournal
  readonly webhookSecrets: WebhookSecretVault
  /** Whether merchants on this machine are called, as in development. */
  readonly loopbackCallbacks: boolean
  readonly inspection: Inspection
  readonly watch: Pick<RegionWatch, 'look'>
  readonly drills: Pick<DrillReports, 'list' | 'one' | 'page'>
  nowMs(): number
  after(delayMs: number): Promise<void>
}

/** A request after authentication and validation. */
export type Asked<Params, Query, Body> = {
  readonly caller: Caller
  readonly origin: Origin
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** The Idempotency-Key header as it came. */
  readonly idempotencyKey: string | undefined
  /** Which of the operation's further types the answer shall be, when one is asked for. */
  readonly media: string | undefined
  /** Any other header, by its name in lower case. */
  header(name: string): string | undefined
}

export type Answered = {
  readonly status: 200 | 201 | 202
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the members, when one of the operation's further types was asked for. */
  readonly bytes?: MediaBody
}

/** A body that is neither JSON nor Protobuf. */
export type MediaBody = {
  readonly type: string
  readonly content: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
}

/**
 * One operation of the API: what it takes, who may ask, what it answers, and the work. Routes, OpenAPI and the
 * authorization tests are all made from the same list of these.
 */
export type Operation<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> = {
  readonly name: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** In OpenAPI's form: /v1/wallets/{wallet_id}. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly callers: readonly Role[]
  /** A budget of its own that a request takes from, besides what every request does. */
  readonly budget?: 'lookup'
  /** Types that it can answer with besides JSON and Protobuf, to who names them in Accept. */
  readonly media?: readonly string[]
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** A request that shows well, where one made of its members' own examples would not hold together. */
  readonly example?: Readonly<Record<string, unknown>>
  /** Names of the messages in the .proto that carry its body and its answer. */
  readonly messages: { readonly request?: string; readonly answer: string }
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>
  run(asked: Asked<z.infer<Params>, z.infer<Query>, z.infer<Body>>, services: Services): Promise<Answered>
}

/** Lets an operation's handler know the types of its own schemas. */
export function operation<
  Params extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(plan: Operation<Params, Query, Body>): Operation {
  return plan as unknown as Operation
}
