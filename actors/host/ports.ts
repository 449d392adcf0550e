import type { AppendOutcome } from '../log/shardLog.ts'

/**
 * What a leader needs of the world. The worker gives it NATS, clocks and timers; the simulation gives it virtual ones,
 * so that the same code runs in both.
 */
export interface HostPorts {
  /** Wall clock in Unix ms, for frames' clocks; never for anything that decides. */
  nowMs(): number
  /** A clock that never jumps, ms: whatever is waited for is counted on it. */
  monotonicMs(): number
  /** In [0, 1): jitter only. */
  random(): number
  /** Runs once after a while; returns how to call it off. */
  after(delayMs: number, work: () => void): () => void
  /** Sends a message that may be lost. */
  publish(subject: string, message: Uint8Array): void
  /** Appends a frame to the log of a shard that the subject names, in whichever region that is. */
  append(shard: number, subject: string, frame: Uint8Array, timeoutMs: number): Promise<AppendOutcome>
  /** Something that must not happen did: the leader stops and a human is called. */
  onError(error: unknown): void
}
