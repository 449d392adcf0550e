/**
 * What a shard's leader publishes about itself, on every change and every half second: its position and, for each
 * source, how far it has taken in that source's transit records. Level-triggered: each mark stands for itself, so that
 * a lost one costs nothing but time.
 */
export type Mark = {
  shard: number
  worker: string
  /** Committed position. */
  seq: number
  received: {
    incarnation: number
    /** Number of the next record awaited: all below are credited or returned, and committed. */
    number: number
    /** The same in this shard's newest durable snapshot: the source may forget what lies below. */
    durable: number
    /** Returns issued to the source in all, up to `number`. */
    returns: number
  }[]
}
