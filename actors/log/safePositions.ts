import type { NatsConnection } from '@nats-io/nats-core'
import { decodeJson, encodeJson } from './jsonBytes.ts'
import type { Owner, OwnerDirectory } from './ownerDirectory.ts'
import { heldTo, positionOf } from './ownerRecord.ts'
import { safeSubject } from './subjects.ts'

/**
 * What a region's replica of a shard publishes on its `safe` subject, on change and every half second: no later cut of
 * the logical log, as it is in this epoch, lies below the position.
 */
export type SafePosition = { readonly shard: number; readonly epoch: number; readonly position: number }

export function encodeSafePosition(safe: SafePosition): Uint8Array {
  return encodeJson(safe)
}

/** Up to where each shard's logical log can never be cut any more, as the region's replicas have said. */
export class SafePositions {
  readonly #owners: OwnerDirectory
  readonly #positions = new Map<number, number>()
  readonly #epochs = new Map<number, number>()
  readonly #ahead = new Map<number, SafePosition>()
  readonly #waiting = new Map<number, { position: number; resolve: () => void }[]>()

  constructor(owners: OwnerDirectory) {
    this.#owners = owners
    // Readers hear of the new owner in this turn too, and must have let go of what was cut off before they hear more.
    owners.listen((shard, owner) => {
      this.#lower(shard, owner)
      setTimeout(() => this.#takeAhead(shard), 0)
    })
  }

  /** 0 while nothing has been heard. */
  of(shard: number): number {
    return this.#positions.get(shard) ?? 0
  }

  /**
   * What is said of an epoch that is not known here yet waits for it: a position of the new log would make an entry of
   * the old one look safe.
   */
  take(safe: SafePosition): void {
    const { shard, epoch } = safe
    const known = this.#owners.ownerOf(shard)
    if (known === undefined || epoch > known.epoch) {
      this.#ahead.set(shard, safe)
      return
    }
    this.#epochs.set(shard, known.epoch)
    const position = heldTo(known.record.segments, { epoch, seq: safe.position })
    // What was safe once stays safe: an older word that comes late, or from another replica, takes nothing back.
    if (position > this.of(shard)) this.#raise(shard, position)
  }

  /** Two operators' word may cut off what an owner alone had said is safe. */
  #lower(shard: number, { epoch, record: { segments } }: Owner): void {
    const cut = positionOf(segments, epoch, segments.at(-1)!.first - 1)
    if (this.#epochs.get(shard) !== epoch) this.#positions.set(shard, Math.min(cut, this.of(shard)))
  }

  #takeAhead(shard: number): void {
    const safe = this.#ahead.get(shard)
    this.#ahead.delete(shard)
    if (safe !== undefined) this.take(safe)
  }

  #raise(shard: number, position: number): void {
    this.#positions.set(shard, position)
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
  owners: OwnerDirectory,
  onFault: (error: unknown) => void,
): SafePositions {
  const positions = new SafePositions(owners)
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
