import type { Watermarks } from './watermarks.ts'

export type Message = { readonly subject: string; readonly message: Uint8Array }
type Held = { readonly watermarks: Watermarks; messages: readonly Message[] }
type Waiter = { readonly position: number; readonly resolve: (committed: boolean) => void; cancel: () => void }

/**
 * Bytes of messages that wait for their position to be committed. Beyond it the oldest are dropped, as a network may:
 * who waits for an answer sends its frame again, and what is owed is told from the state.
 */
const heldBytesMax = 64 * 1024 * 1024

export type CommitGateOptions = {
  publish: (subject: string, message: Uint8Array) => void
  after: (delayMs: number, work: () => void) => () => void
}

/**
 * Where two regions hold a shard, its leader applies ahead of what is committed, and holds back here, in the order of
 * the log, whatever the outside would see of it.
 */
export class CommitGate {
  readonly #o: CommitGateOptions
  #committed = 0
  #held: Held[] = []
  #heldBytes = 0
  #droppedTo = 0
  #watermarks: Watermarks | undefined
  #waiters: Waiter[] = []

  constructor(options: CommitGateOptions) {
    this.#o = options
  }

  /** Everything up to here is committed, as far as is known. */
  get committed(): number {
    return this.#committed
  }

  /** What the newest committed position says to other shards; undefined while nothing held here was committed. */
  get watermarks(): Watermarks | undefined {
    return this.#watermarks
  }

  /** True while something of the leader's waits for its position to be committed. */
  get holds(): boolean {
    return this.#held.length > 0
  }

  /** Takes what a position says and owes. It leaves at once when the position is committed already. */
  hold(watermarks: Watermarks, messages: readonly Message[]): void {
    const last = this.#held.at(-1)
    if (last?.watermarks.seq === watermarks.seq) last.messages = [...last.messages, ...messages]
    else this.#held.push({ watermarks, messages })
    this.#heldBytes += bytesOf(messages)
    this.#release()
    this.#dropOldest()
  }

  /**
   * Lets out what is covered from now on. A position that is lower than one told before says nothing new.
   * @returns true when something was let out
   */
  commit(position: number): boolean {
    if (position <= this.#committed) return false
    this.#committed = position
    const released = this.#release()
    const due = this.#waiters.filter((waiter) => waiter.position <= position)
    if (due.length > 0) {
      this.#waiters = this.#waiters.filter((waiter) => waiter.position > position)
      for (const waiter of due) settle(waiter, true)
    }
    return released
  }

  /** Resolves with true once the position is committed, with false when it is not after a while or the gate was emptied. */
  whenCommitted(position: number, waitMs: number): Promise<boolean> {
    if (position <= this.#committed) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter: Waiter = { position, resolve, cancel: () => undefined }
      this.#waiters.push(waiter)
      waiter.cancel = this.#o.after(waitMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        resolve(false)
      })
    })
  }

  /** Forgets all that is held: whoever leads next says it anew. */
  empty(): void {
    this.#held = []
    this.#heldBytes = 0
    this.#droppedTo = 0
    this.#watermarks = undefined
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) settle(waiter, false)
  }

  #release(): boolean {
    let count = 0
    while (count < this.#held.length && this.#held[count]!.watermarks.seq <= this.#committed) count++
    if (count === 0) return false
    const released = this.#held.splice(0, count)
    this.#droppedTo = Math.max(0, this.#droppedTo - count)
    this.#watermarks = released.at(-1)!.watermarks
    for (const { messages } of released) {
      this.#heldBytes -= bytesOf(messages)
      for (const { subject, message } of messages) this.#o.publish(subject, message)
    }
    return true
  }

  #dropOldest(): void {
    for (; this.#heldBytes > heldBytesMax && this.#droppedTo < this.#held.length; this.#droppedTo++) {
      const oldest = this.#held[this.#droppedTo]!
      this.#heldBytes -= bytesOf(oldest.messages)
      oldest.messages = []
    }
  }
}

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { message }) => sum + message.length, 0)
}

function settle(waiter: Waiter, committed: boolean): void {
  waiter.cancel()
  waiter.resolve(committed)
}
