import type { Logger } from 'pino'
import type { KeyRing } from '../../log/keyRing.ts'
import { messageOf } from '../../log/process.ts'
import { webhookBody, webhookIdText, webhookStates } from '../../log/webhookEvents.ts'
import { overlapUntilMs, type SecretGenerations, secretsInForce } from '../../log/webhookSecrets.ts'
import { signWebhook, type WebhookSecret, webhookHeaders } from '../../log/webhookSignatures.ts'
import { dataErrorCode } from '../database.ts'
import type { CallbackCaller, CallResult } from './callbackRequest.ts'
import { mayBeCalled } from './callbackTarget.ts'
import { MerchantLane } from './merchantLane.ts'
import { patienceMs, retryDelayMs } from './retryRule.ts'
import { type Attempt, type DueEvent, sweptMax, type WebhookStore } from './webhookStore.ts'

const lookEveryMs = 250
const writeEveryMs = 25
const sweepEveryMs = 60_000
const retryMs = 1_000
/** What is read ahead of a merchant's events, so that its next call need not wait for the database. */
const aheadMax = 64
const secretsKept = 10_000

export type DelivererPorts = {
  readonly store: WebhookStore
  readonly caller: Pick<CallbackCaller, 'call'>
  readonly ring: KeyRing
  readonly logger: Logger
  /** The shards whose merchants this region tells. */
  readonly shards: () => readonly number[]
  readonly loopback: boolean
  readonly callsMax: number
  readonly callsPerMerchantMax: number
  readonly nowMs: () => number
  readonly random: () => number
  readonly onEnded?: (outcome: 'delivered' | 'failed' | 'dead' | 'unaddressed', durationMs: number) => void
}

type Written = { readonly attempt: Attempt; readonly id: bigint }
type Queue = { readonly lane: MerchantLane; readonly waiting: DueEvent[] }

/**
 * Tells merchants what happened, at least once: an event is done with only when that stands in the database. What is
 * due is read from there, called merchant by merchant, and written back in lots.
 */
export class Deliverer {
  readonly #o: DelivererPorts
  readonly #queues = new Map<number, Queue>()
  /** Read from the database and not written back. */
  readonly #busy = new Set<bigint>()
  readonly #secrets = new Map<string, WebhookSecret[]>()
  #written: Written[] = []
  #calls = 0
  #stopped = false
  #running: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #wake: (() => void) | undefined
  #sweptMs = 0
  /** Why the database does not answer now; empty while it does. */
  trouble = 'not asked yet'

  constructor(ports: DelivererPorts) {
    this.#o = ports
  }

  start(): void {
    this.#running = this.#run()
  }

  get calls(): number {
    return this.#calls
  }

  /** Merchants that are left alone for a while. */
  get broken(): number {
    let count = 0
    for (const { lane } of this.#queues.values()) if (lane.broken) count += 1
    return count
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const found = await this.#read()
      this.#callAll()
      // Many are behind the ones that were found: whatever is done makes room to look again.
      await this.#rest(found > 0 ? lookEveryMs / 5 : lookEveryMs)
    }
  }

  async #read(): Promise<number> {
    const { store, nowMs, shards, callsMax } = this.#o
    const own = shards()
    this.#forget(own)
    try {
      await this.#sweep(own)
      const full = [...this.#queues].filter(([, queue]) => this.#isFull(queue)).map(([merchant]) => merchant)
      const ask = { shards: own, busy: this.#busy, full, perMerchant: aheadMax, count: 4 * callsMax }
      const due = await store.due(nowMs(), ask)
      this.#recovered()
      for (const event of due) this.#enqueue(event)
      return due.length
    } catch (error) {
      this.#troubled(error)
      await this.#rest(retryMs * (0.5 + this.#o.random()))
      return 0
    }
  }

  #isFull({ lane, waiting }: Queue): boolean {
    return waiting.length > aheadMax / 2 || (lane.broken && (waiting.length > 0 || lane.room(this.#o.nowMs()) === 0))
  }

  #enqueue(event: DueEvent): void {
    if (this.#busy.has(event.id)) return
    const { merchant } = event.event
    let queue = this.#queues.get(merchant)
    if (queue === undefined) {
      queue = { lane: new MerchantLane(this.#o.callsPerMerchantMax, this.#o.random), waiting: [] }
      this.#queues.set(merchant, queue)
    }
    this.#busy.add(event.id)
    queue.waiting.push(event)
  }

  /** Whoever has nothing waiting is forgotten, and what is no longer ours to tell is left to the other region. */
  #forget(own: readonly number[]): void {
    for (const [merchant, { lane, waiting }] of this.#queues) {
      const [first] = waiting
      if (first !== undefined && !own.includes(first.merchantShard)) {
        for (const { id } of waiting.splice(0)) this.#busy.delete(id)
      }
      if (waiting.length === 0 && lane.idle) this.#queues.delete(merchant)
    }
  }

  async #sweep(own: readonly number[]): Promise<void> {
    const { nowMs, store, logger } = this.#o
    if (nowMs() - this.#sweptMs < sweepEveryMs) return
    const dead = await store.sweep(nowMs(), own)
    // What is left is swept at the next look: what is due now need not wait for all of it.
    if (dead < sweptMax) this.#sweptMs = nowMs()
    if (dead > 0) logger.warn({ dead }, 'events that nobody could be told of in time are dead')
  }

  /** One call a merchant in turn, so that no backlog takes all the room there is. */
  #callAll(): void {
    let began = true
    while (began && this.#calls < this.#o.callsMax && !this.#stopped) {
      began = false
      for (const queue of this.#queues.values()) {
        if (this.#calls >= this.#o.callsMax) break
        if (queue.waiting.length === 0 || queue.lane.room(this.#o.nowMs()) === 0) continue
        began = true
        this.#begin(queue, queue.waiting.shift()!)
      }
    }
  }

  #begin({ lane }: Queue, due: DueEvent): void {
    const { url } = due
    if (url === undefined) {
      this.#finish(due, '', { status: 0, error: 'no address', durationMs: 0, response: '', retryAfterS: undefined })
      return
    }
    lane.began()
    this.#calls += 1
    void this.#call(due, url).then((result) => {
      this.#calls -= 1
      lane.ended({ delivered: result.error === '', durationMs: result.durationMs }, this.#o.nowMs())
      this.#finish(due, url, result)
      this.#callAll()
    })
  }

  async #call({ event, attempts, secrets }: DueEvent, url: string): Promise<CallResult> {
    try {
      if (!mayBeCalled(url, this.#o.loopback)) throw new Error('the address is none that may be called')
      const nowMs = this.#o.nowMs()
      const timestampS = Math.floor(nowMs / 1_000)
      const body = webhookBody(event)
      const id = webhookIdText(event.eventId)
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'jiaozi-webhooks/1',
        [webhookHeaders.id]: id,
        [webhookHeaders.timestamp]: String(timestampS),
        [webhookHeaders.signature]: signWebhook(this.#secretsOf(secrets, nowMs), id, timestampS, body),
      }
      return await this.#o.caller.call({ url, headers, body, attempt: attempts })
    } catch (error) {
      return { status: 0, error: messageOf(error).slice(0, 200), durationMs: 0, response: '', retryAfterS: undefined }
    }
  }

  #secretsOf(merchant: SecretGenerations, nowMs: number): WebhookSecret[] {
    const { wallet, secretGeneration, rotatedMs } = merchant
    const overlapping = overlapUntilMs(merchant, nowMs) !== undefined
    const name = `${wallet}/${secretGeneration}/${rotatedMs}/${overlapping}`
    let found = this.#secrets.get(name)
    if (found === undefined) {
      found = secretsInForce(this.#o.ring, merchant, nowMs)
      if (this.#secrets.size >= secretsKept) this.#secrets.clear()
      this.#secrets.set(name, found)
    }
    return found
  }

  /** What a try came to, for the database. The next event of the same order waits until it stands there. */
  #finish(due: DueEvent, url: string, { status, error, durationMs, response, retryAfterS }: CallResult): void {
    const { nowMs, random, onEnded } = this.#o
    const attempt = url === '' ? due.attempts : due.attempts + 1
    const delayMs = retryDelayMs(Math.max(1, attempt), random, retryAfterS)
    const nextMs = nowMs() + delayMs
    const outcome =
      error === '' ? 'delivered' : url === '' ? 'unaddressed' : nextMs > due.sinceMs + patienceMs ? 'dead' : 'failed'
    const state = outcome === 'failed' ? webhookStates.pending : webhookStates[outcome]
    const place = { eventId: due.event.eventId, replay: due.replay, attempt, atMs: nowMs() }
    this.#written.push({ id: due.id, attempt: { ...place, url, status, error, durationMs, response, state, nextMs } })
    onEnded?.(outcome, durationMs)
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    while (this.#written.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, writeEveryMs))
      const lot = this.#written
      this.#written = []
      await this.#writeUntilTaken(lot)
      this.#wake?.()
    }
    this.#writing = undefined
  }

  /** What was told and cannot be written down would be told again: nothing new begins that is due to the same order. */
  async #writeUntilTaken(lot: readonly Written[]): Promise<void> {
    for (;;) {
      try {
        await this.#o.store.record(lot.map(({ attempt }) => attempt))
        this.#recovered()
        for (const { id } of lot) this.#busy.delete(id)
        return
      } catch (error) {
        const code = dataErrorCode(error)
        if (code !== undefined) return this.#writeApart(lot, code)
        this.#troubled(error)
        if (this.#stopped) return
        await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + this.#o.random())))
      }
    }
  }

  /**
   * One bad row keeps the whole lot out: each is written by itself. The event of a row that nothing can be done with
   * stays busy until the next start, since a try that is not written down would be made again and again.
   */
  async #writeApart(lot: readonly Written[], code: string): Promise<void> {
    if (lot.length > 1) {
      for (const one of lot) await this.#writeUntilTaken([one])
      return
    }
    for (const { attempt } of lot) {
      const event = webhookIdText(attempt.eventId)
      this.#o.logger.error({ event, code }, 'what came of telling an event cannot be written down')
    }
  }

  #recovered(): void {
    if (this.trouble !== '') this.#o.logger.info('the database answers')
    this.trouble = ''
  }

  #troubled(error: unknown): void {
    const trouble = messageOf(error)
    if (this.trouble !== trouble) this.#o.logger.warn({ error: trouble }, 'the database does not answer')
    this.trouble = trouble
  }

  #rest(mostMs: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), mostMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }

  /** Lets what is under way end, and writes it down. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake?.()
    await this.#running
    while (this.#calls > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await this.#writing
  }
}
