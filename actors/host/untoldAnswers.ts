import type { Message } from './commitGate.ts'

/** Entries whose answers are kept: what edges send within the moment in which a shard has no leader. */
const entriesMax = 256
const bytesMax = 4 * 1024 * 1024

/**
 * What the newest entries came to, while nobody is told. Whoever led when they were written may have died before it said
 * so, or may have handed the shard over: whoever leads next says it, and nobody must ask again after a second of
 * silence. To be told twice does no harm.
 */
export class UntoldAnswers {
  #entries: Message[][] = []
  #bytes = 0

  /** Takes what one entry says to edges. */
  keep(messages: Message[]): void {
    if (messages.length === 0) return
    this.#entries.push(messages)
    this.#bytes += bytesOf(messages)
    while (this.#entries.length > entriesMax || this.#bytes > bytesMax) this.#bytes -= bytesOf(this.#entries.shift()!)
  }

  /** Gives all that is kept, in the order of the log, and forgets it. */
  take(): Message[] {
    const messages = this.#entries.flat()
    this.#entries = []
    this.#bytes = 0
    return messages
  }
}

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { message }) => sum + message.length, 0)
}
