import type { ServerFacts } from './serverCheck.ts'

/** What a server holds for a slow client before it cuts it off, and what it carries in one message. */
export type ServerLimits = Pick<ServerFacts, 'maxPendingBytes' | 'maxPayloadBytes'>

/** Half of what the server holds for a client is left for all else that goes to it. */
export const followedBytesMax = ({ maxPendingBytes }: Pick<ServerLimits, 'maxPendingBytes'>): number =>
  Math.floor(maxPendingBytes / 2)

/**
 * Bytes that each of so many followers on one connection may have on their way: two messages of the largest size, so that
 * one is asked for while the other is read, and less where there are too many followers for that.
 * @throws Error that names `max_pending` and what it must be, when there is not room for a single message each.
 */
export function followWindowBytes(followers: number, limits: ServerLimits): number {
  const { maxPendingBytes, maxPayloadBytes } = limits
  const share = Math.floor(followedBytesMax(limits) / followers)
  if (share < maxPayloadBytes) {
    const needed = 2 * followers * maxPayloadBytes
    throw new Error(
      `a process cannot follow ${followers} shards: the NATS server's max_pending is ${maxPendingBytes} bytes, at least ${needed} are needed`,
    )
  }
  return Math.min(share, 2 * maxPayloadBytes)
}
