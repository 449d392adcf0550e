import { firstOwnerRecord, type OwnerRecord } from './ownerRecord.ts'

/** Who owns a shard, as far as it is known here, and in which epoch its log takes frames. */
export type Owner = { readonly region: string; readonly epoch: number; readonly record: OwnerRecord }

export type OwnerListener = (shard: number, owner: Owner) => void

/** Who owns each shard now. What it says may be late, and is then taken back by a higher epoch; it is never made up. */
export interface OwnerDirectory {
  /** @returns undefined until the shard's record has been heard of for the first time */
  ownerOf(shard: number): Owner | undefined
  /**
   * Tells of every change from now on: of owner and epoch, and of a record whose mode alone is another.
   * @returns a function that ends listening
   */
  listen(listener: OwnerListener): () => void
}

/** The directory itself, in memory; who fills it from where is for others to say. */
export class OwnerTable implements OwnerDirectory {
  readonly #owners = new Map<number, { owner: Owner; revision: number }>()
  readonly #listeners = new Set<OwnerListener>()

  ownerOf(shard: number): Owner | undefined {
    return this.#owners.get(shard)?.owner
  }

  listen(listener: OwnerListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Takes a record in unless a newer one is known: epochs only rise, whatever order records arrive in.
   * @param revision tells records of one epoch apart, higher is newer
   * @returns whether anything changed
   */
  take(shard: number, record: OwnerRecord, revision: number): boolean {
    const known = this.#owners.get(shard)
    const older = known !== undefined && (record.epoch - known.owner.epoch || revision - known.revision) <= 0
    if (older) return false
    const { owner: region, epoch } = record
    const owner = { region, epoch, record }
    this.#owners.set(shard, { owner, revision })
    if (known?.owner.epoch === epoch && known.owner.record.mode === record.mode) return false
    for (const listener of [...this.#listeners]) listener(shard, owner)
    return true
  }
}

/** The directory of an installation with one region, which owns every shard and always will. */
export function loneOwner(region: string): OwnerDirectory {
  const owner = { region, epoch: 0, record: firstOwnerRecord(region, 'alone') }
  return { ownerOf: () => owner, listen: () => () => undefined }
}

/** Resolves with the shard's owner once it is known. */
export function ownerKnown(directory: OwnerDirectory, shard: number): Promise<Owner> {
  const owner = directory.ownerOf(shard)
  if (owner !== undefined) return Promise.resolve(owner)
  return new Promise((resolve) => {
    const stop = directory.listen((changed, now) => {
      if (changed !== shard) return
      stop()
      resolve(now)
    })
  })
}
