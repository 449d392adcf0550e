import { type Placement, shardOf } from '../../actors/log/placement.ts'
import type { ReadFrom, ShardQueries } from './shardQueries.ts'

const readAgainEveryMs = 1_000
const readAgainWalletsMax = 100_000

/** The key that signs for a wallet, as its shard said it. */
export type WalletKey = {
  readonly algorithm: number
  /** Compressed point, 33 bytes. */
  readonly key: Uint8Array
  readonly keyVersion: number
  /** Personal or merchant. */
  readonly kind: number
}

/**
 * Keys of the wallets that pay, so that a payment needs no read before it. An entry may be old: the record names the
 * key's version, the ledger refuses one that is not current, and then the entry is dropped and read again.
 */
export class WalletKeys {
  readonly #queries: ShardQueries
  readonly #placement: Placement
  readonly #monotonicMs: () => number
  readonly #keysMax: number
  /** Two generations: what is used while the older one is current moves to the newer, the rest falls away. */
  #newer = new Map<number, WalletKey>()
  #older = new Map<number, WalletKey>()
  /** When a wallet's key was last read again because a signature did not fit. */
  readonly #readAgainMs = new Map<number, number>()
  /** Wallets whose key the ledger did not take: a replica that follows may still hold the one that was replaced. */
  readonly #refused = new Set<number>()
  readonly #asking = new Map<number, Promise<WalletKey | undefined>>()

  constructor(queries: ShardQueries, placement: Placement, monotonicMs: () => number, keysMax = 500_000) {
    this.#queries = queries
    this.#placement = placement
    this.#monotonicMs = monotonicMs
    this.#keysMax = keysMax
  }

  /**
   * The wallet's key, or undefined when there is no such wallet. Known keys come without a promise.
   * @throws ShardUnavailable (as a rejection)
   */
  get(wallet: number): WalletKey | Promise<WalletKey | undefined> {
    const held = this.#newer.get(wallet)
    if (held !== undefined) return held
    const old = this.#older.get(wallet)
    if (old !== undefined) {
      this.put(wallet, old)
      return old
    }
    let asking = this.#asking.get(wallet)
    if (asking === undefined) {
      asking = this.#ask(wallet, this.#refused.has(wallet) ? 'owner' : 'near').finally(() =>
        this.#asking.delete(wallet),
      )
      this.#asking.set(wallet, asking)
    }
    return asking
  }

  async #ask(wallet: number, from: ReadFrom): Promise<WalletKey | undefined> {
    const query = { type: 'wallet', number: wallet } as const
    const { result } = await this.#queries.ask(shardOf(this.#placement, wallet), query, from)
    this.#forget(wallet)
    if (result === null) return undefined
    const { algorithm, key, keyVersion, kind } = result
    const read = { algorithm, key, keyVersion, kind }
    this.put(wallet, read)
    return read
  }

  put(wallet: number, key: WalletKey): void {
    if (this.#newer.size >= this.#keysMax / 2) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(wallet, key)
  }

  /**
   * The key as the shard has it now, for one that did not fit; a flood of bad signatures makes one read a second and
   * wallet.
   */
  async again(wallet: number, held: WalletKey): Promise<WalletKey | undefined> {
    const nowMs = this.#monotonicMs()
    if (nowMs - (this.#readAgainMs.get(wallet) ?? Number.NEGATIVE_INFINITY) < readAgainEveryMs) return held
    if (this.#readAgainMs.size >= readAgainWalletsMax) this.#readAgainMs.clear()
    this.#readAgainMs.set(wallet, nowMs)
    return this.#ask(wallet, 'owner')
  }

  /** Forgets a key that the ledger did not take. */
  drop(wallet: number): void {
    this.#forget(wallet)
    if (this.#refused.size >= readAgainWalletsMax) this.#refused.clear()
    this.#refused.add(wallet)
  }

  #forget(wallet: number): void {
    this.#newer.delete(wallet)
    this.#older.delete(wallet)
    this.#refused.delete(wallet)
  }

  get size(): number {
    return this.#newer.size + this.#older.size
  }
}
