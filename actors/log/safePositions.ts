import type { NatsConnection } from '@nats-io/nats-core'
import { decodeJson, encodeJson } from './jsonBytes.ts'
import { safeSubject } from './subjects.ts'

/** What a region's replica of a shard publishes on its `safe` subject, on change and every half second. */
export type SafePosition = { readonly shard: number; readonly position: number }

export function encodeSafePosition(safe: SafePosition): Uint8Array {
  return encodeJson(safe)
}

/** Up to where each shard's logical log can never be cut any more, as the region's replicas have said. */
export class SafePositions {
  readonly #positions: number[]
  readonly #waiting: Map<number, { position: number; resolve: () => void }[]> = new Map()

  constructor(shardCount: number) {
    this.#positions = Array.from({ length: shardCount }, () => 0)
  }

  /** 0 while nothing has been heard. */
  of(shard: number): number {
    return this.#positions[shard]!
  }

  take({ shard, position }: SafePosition): void {
    // What was safe once stays safe: an older word that comes late, or from another replica, takes nothing back.
    if (!Number.isSafeInteger(position) || !(position > (this.#positions[shard] ?? Number.POSITIVE_INFINITY))) return
    this.#positions[shard] = position
    const waiting = this.#waiting.get(shard) ?? []
    this.#waiting.set(
      shard,
      waiting.filter((one) => one.position > position),
    )
    for (const one of waiting) if (one.position <= position) one.resolve()
  }

  /** Resolves once the position is safe. */
  reached(shard: number, position: number): Promise<void> {
    return new Promise((resolve) => {
      if (position <= this.of(shard)) resolve()
      else this.#waiting.set(shard, [...(this.#waiting.get(shard) ?? []), { position, resolve }])
    })
  }
}

/** Hears the safe positions of a region's shards. @param onFault told when they cannot be heard, or not understood */
export function hearSafePositions(
  connection: NatsConnection,
  region: string,
  shardCount: number,
  onFault: (error: unknown) => void,
): SafePositions {
  const positions = new SafePositions(shardCount)
  for (let shard = 0; shard < shardCount; shard++) {
    connection.subscribe(safeSubject(region, shard), {
      callback: (error, message) => {
        try {
          if (error !== null) throw error
          positions.take(decodeJson(message.data) as SafePosition)
        } catch (fault) {
          onFault(fault)
        }
      },
    })
  }
  return positions
}
