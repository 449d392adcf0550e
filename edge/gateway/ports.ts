import type { AppendOutcome } from '../../actors/log/shardLog.ts'

/** What the gateway needs of the world: the region's message server, a clock and timers. */
export interface GatewayPorts {
  /** Wall clock in Unix ms. */
  nowMs(): number
  /** A clock that never jumps, ms: deadlines and waits are counted on it, whatever is done to the other. */
  monotonicMs(): number
  /** In [0, 1): jitter only. */
  random(): number
  /** Runs once after a while; returns how to call it off. */
  after(delayMs: number, work: () => void): () => void
  /** Offers a frame to a shard's log. */
  append(shard: number, subject: string, frame: Uint8Array, timeoutMs: number): Promise<AppendOutcome>
  /**
   * Asks a region's replica of a shard.
   * @throws ShardUnavailable when nobody answers
   */
  request(shard: number, query: Uint8Array, timeoutMs: number, region: string): Promise<Uint8Array>
  /** Whether the message server can be reached now. */
  connected(): boolean
  /** Something that should not happen did; it is logged and counted, the gateway goes on. */
  onFault(what: string, error: unknown): void
}

/** A shard did not answer a read in time: its worker is being replaced, or the message server is away. */
export class ShardUnavailable extends Error {
  readonly shard: number
  readonly why: 'no-leader' | 'timeout' | 'disconnected'

  constructor(shard: number, why: ShardUnavailable['why']) {
    super(`shard ${shard} does not answer: ${why}`)
    this.name = 'ShardUnavailable'
    this.shard = shard
    this.why = why
  }
}
