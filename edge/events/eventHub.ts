import { businessDay } from '../../actors/ledger/businessTime.ts'
import type { Journal, JournalEvent } from '../routes/journal.ts'
import { endsKey, eventBody } from './eventBody.ts'
import { type EventCursor, type EventPlace, endOfPosition, eventIdText, isBehind } from './eventPlace.ts'

const lookEveryMs = 1_000
const heartbeatEveryMs = 15_000
/** A listener signs in again after so long: what lets it in may have been taken away since. */
const streamLifeMs = 3_600_000
const eventsPerLookMax = 100
/** What waits for a listener that reads slowly; then it is cut off, and goes on from where it was. */
const chunksWaitingMax = 256
const reconnectAfterMs = 2_000
/** A listener that was away for longer reads what it missed from its statements. */
export const resumeDaysMax = 7

export type EventHubOptions = {
  readonly journal: Pick<Journal, 'events'>
  readonly shardOf: (wallet: number) => number
  readonly nowMs: () => number
  readonly after: (delayMs: number, work: () => void) => () => void
  readonly onFault: (what: string, error: unknown) => void
  readonly perCallerMax?: number
  readonly listenersMax?: number
}

export type Listening = {
  readonly wallet: number
  /** Who listens, so that one caller does not take everybody's room. */
  readonly caller: string
  /** It was let in by the wallet's own key. */
  readonly byKey: boolean
  /** Whether the caller may still hear it, asked at every look; absent where `byKey` says it. */
  readonly goesOn?: (() => Promise<boolean>) | undefined
  /** What it was told last; from now on when absent. */
  readonly from: EventPlace | undefined
}

type Listener = Listening & {
  cursor: EventCursor
  /** True until the first look has told it where it stands. */
  fresh: boolean
  readonly beganMs: number
  saidMs: number
  readonly controller: ReadableStreamDefaultController<Uint8Array>
}

const text = new TextEncoder()

/**
 * Tells the holders of wallets what happens to them, from the journal: it is looked into once a second for all of them
 * together, however many listen, and not at all when nobody does.
 */
export class EventHub {
  readonly #o: EventHubOptions
  readonly #listeners = new Set<Listener>()
  readonly #perCallerMax: number
  readonly #listenersMax: number
  #cancel: (() => void) | undefined
  #closed = false

  constructor(options: EventHubOptions) {
    this.#o = options
    this.#perCallerMax = options.perCallerMax ?? 4
    this.#listenersMax = options.listenersMax ?? 1_000
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** @returns undefined when the caller, or the edge, has as many listeners as it may */
  listen(listening: Listening): ReadableStream<Uint8Array> | undefined {
    const own = [...this.#listeners].filter(({ caller }) => caller === listening.caller).length
    if (this.#closed || own >= this.#perCallerMax || this.#listeners.size >= this.#listenersMax) return undefined
    let listener: Listener | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          listener = this.#join(listening, controller)
        },
        cancel: () => {
          if (listener !== undefined) this.#listeners.delete(listener)
        },
      },
      { highWaterMark: chunksWaitingMax },
    )
  }

  #join(listening: Listening, controller: ReadableStreamDefaultController<Uint8Array>): Listener {
    const nowMs = this.#o.nowMs()
    const day = businessDay(nowMs) - resumeDaysMax
    const place = listening.from ?? endOfPosition(Number.MAX_SAFE_INTEGER)
    const cursor = { ...place, wallet: listening.wallet, day }
    const fresh = listening.from === undefined
    const listener = { ...listening, cursor, fresh, beganMs: nowMs, saidMs: nowMs, controller }
    this.#listeners.add(listener)
    this.#say(listener, `retry: ${reconnectAfterMs}\n\n`)
    this.#cancel ??= this.#o.after(0, () => void this.#round())
    return listener
  }

  async #round(): Promise<void> {
    try {
      await this.#endForbidden()
      await this.#look([...this.#listeners])
    } catch (error) {
      this.#o.onFault('the journal could not be looked into for events', error)
    }
    this.#cancel = undefined
    if (this.#listeners.size > 0 && !this.#closed) this.#cancel = this.#o.after(lookEveryMs, () => void this.#round())
  }

  /** Whoever may hear no more, or of whom nobody can say so, is told nothing more. */
  async #endForbidden(): Promise<void> {
    const asked = [...this.#listeners].map(async (listener) => {
      if ((await listener.goesOn?.().catch(() => false)) === false) this.#end(listener)
    })
    await Promise.all(asked)
  }

  async #look(listeners: readonly Listener[]): Promise<void> {
    const cursors = listeners.map(({ cursor }) => cursor)
    const found = await this.#o.journal.events(cursors, eventsPerLookMax)
    if (found.kind === 'found') {
      const { followed, events } = found.record
      for (const [n, listener] of listeners.entries()) {
        const shard = this.#o.shardOf(listener.wallet)
        const stands = followed.find((one) => one.shard === shard)
        if (stands !== undefined) this.#tell(listener, events[n] ?? [], stands)
      }
    }
    const nowMs = this.#o.nowMs()
    for (const listener of listeners) {
      if (nowMs - listener.beganMs >= streamLifeMs) this.#end(listener)
      else if (nowMs - listener.saidMs >= heartbeatEveryMs) this.#heartbeat(listener)
    }
  }

  #tell(listener: Listener, events: readonly JournalEvent[], stands: { seq: number; timeMs: number }): void {
    let ended = false
    for (const event of events) {
      const { seq, index, kind } = event
      listener.cursor = { ...listener.cursor, seq, index, kind }
      const body = eventBody(event)
      if (body !== undefined) {
        const data = JSON.stringify(body)
        this.#say(listener, `id: ${eventIdText(event)}\nevent: ${body.event}\ndata: ${data}\n\n`)
      }
      ended ||= listener.byKey && endsKey.has(kind)
    }
    if (ended) this.#end(listener)
    if (events.length >= eventsPerLookMax) return
    const end = endOfPosition(stands.seq)
    if (listener.fresh || isBehind(end, listener.cursor)) {
      listener.cursor = { ...listener.cursor, ...end, day: businessDay(stands.timeMs) }
    }
    if (listener.fresh) this.#heartbeat(listener)
    listener.fresh = false
  }

  /** An id without data dispatches nothing, and is where the listener goes on when it comes back. */
  #heartbeat(listener: Listener): void {
    const id = listener.fresh && listener.cursor.seq === Number.MAX_SAFE_INTEGER ? '' : eventIdText(listener.cursor)
    this.#say(listener, id === '' ? ': nothing is known yet\n\n' : `: here\nid: ${id}\n\n`)
  }

  #say(listener: Listener, chunk: string): void {
    if (!this.#listeners.has(listener)) return
    if ((listener.controller.desiredSize ?? 0) <= 0) {
      this.#end(listener)
      return
    }
    listener.controller.enqueue(text.encode(chunk))
    listener.saidMs = this.#o.nowMs()
  }

  #end(listener: Listener): void {
    if (this.#listeners.delete(listener)) listener.controller.close()
  }

  /** Ends every stream: whoever listens goes on at another edge from what it was told last. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    for (const listener of this.#listeners) this.#end(listener)
  }
}
