import type { DigestAt } from './peerMessages.ts'

/** Both regions take the digest at the same positions. */
const everyPositions = 64
const keptMax = 256

export const takesDigestAt = (position: number): boolean => position % everyPositions === 0

/** The digests of the last positions, to be compared with the other region's. */
export class RecentDigests {
  readonly #digests = new Map<number, string>()
  #newest: DigestAt | undefined

  get newest(): DigestAt | undefined {
    return this.#newest
  }

  put(position: number, digest: string): void {
    this.#newest = { position, digest }
    this.#digests.set(position, digest)
    if (this.#digests.size > keptMax) this.#digests.delete(this.#digests.keys().next().value!)
  }

  /** True when the other's digest of a position that is known here is another. */
  differs({ position, digest }: DigestAt): boolean {
    const own = this.#digests.get(position)
    return own !== undefined && own !== digest
  }
}
