import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseCommandId, parseWalletId } from '../../actors/ledger/ids.ts'
import { removeIfThere, replaceFile } from '../../actors/log/durableFile.ts'
import { type WalletKey, walletKeyOf } from '../client/node.ts'
import { BadInput } from './exitCodes.ts'

/** A linked account as this keystore knows it: the bank's authorisation is kept, the full number is not. */
export type KeptLink = { linkId: number; accountNo: string; authToken?: string }

/** One wallet of this keystore. `accountNo` of a link is masked. */
export type KeptWallet = {
  formatVersion: 1
  walletId: string
  userId: string
  privateKeyPem: string
  links: KeptLink[]
  /** The request that opened it with this key, so that asking again finds the same key. */
  openedBy?: string
}

/** The key of a merchant's sub-user. */
export type KeptUser = { formatVersion: 1; walletId: string; userNo: number; privateKeyPem: string }

/** A key that was made for a request whose outcome is not known yet, so that no answer can arrive without its key. */
export type KeptRequest = {
  formatVersion: 1
  privateKeyPem: string
  userRequestId?: string
  walletId?: string
  userNo?: number
}

/** Wallet keys of the people on this machine: one file each, readable by its owner only. */
export class Keystore {
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  #fileOf(walletId: string): string {
    if (parseWalletId(walletId) === undefined) throw new BadInput('a wallet id is W or M and a number')
    return join(this.dir, `${walletId}.json`)
  }

  #fileOfUser(walletId: string, userNo: number): string {
    return this.#fileOf(walletId).replace(/\.json$/, `.user-${userNo}.json`)
  }

  #requestFile(requestId: string): string {
    if (parseCommandId(requestId) === undefined) throw new BadInput('a request id is a UUIDv7 or a dated id')
    return join(this.dir, `request-${requestId}.json`)
  }

  has(walletId: string): boolean {
    return existsSync(this.#fileOf(walletId))
  }

  /** @throws BadInput when there is no such wallet here, or others may read its file */
  wallet(walletId: string): KeptWallet {
    const file = this.#fileOf(walletId)
    if (!existsSync(file)) throw new BadInput(`the key of ${walletId} is not in the keystore ${this.dir}`)
    return this.#read<KeptWallet>(file)
  }

  keyOf(walletId: string): WalletKey {
    return walletKeyOf(this.wallet(walletId).privateKeyPem)
  }

  /** @throws BadInput when the key of this sub-user is not kept here, or others may read its file */
  keyOfUser(walletId: string, userNo: number): WalletKey {
    const file = this.#fileOfUser(walletId, userNo)
    if (!existsSync(file))
      throw new BadInput(`the key of ${walletId}/users/${userNo} is not in the keystore ${this.dir}`)
    return walletKeyOf(this.#read<KeptUser>(file).privateKeyPem)
  }

  putUser(user: KeptUser): void {
    this.#write(this.#fileOfUser(user.walletId, user.userNo), user)
  }

  dropUser(walletId: string, userNo: number): void {
    removeIfThere(this.#fileOfUser(walletId, userNo))
  }

  put(wallet: KeptWallet): void {
    this.#write(this.#fileOf(wallet.walletId), wallet)
  }

  ids(): string[] {
    if (!existsSync(this.dir)) return []
    const names = readdirSync(this.dir).map((name) => name.replace(/\.json$/, ''))
    return names.filter((name) => parseWalletId(name) !== undefined).sort()
  }

  openedBy(requestId: string): KeptWallet | undefined {
    return this.ids()
      .map((id) => this.wallet(id))
      .find((wallet) => wallet.openedBy === requestId)
  }

  /** Keeps what a request needs before it is sent; a request that is made again gets what was kept for it. */
  keepRequest(requestId: string, make: () => KeptRequest): KeptRequest {
    const file = this.#requestFile(requestId)
    if (existsSync(file)) return this.#read<KeptRequest>(file)
    const request = make()
    this.#write(file, request)
    return request
  }

  dropRequest(requestId: string): void {
    removeIfThere(this.#requestFile(requestId))
  }

  /** Keeps a copy of a key that is about to die, should somebody have to prove what it signed. */
  keepRetired(walletId: string, atMs: number): void {
    replaceFile(join(this.dir, `retired-${walletId}-${atMs}.json`), readFileSync(this.#fileOf(walletId)))
  }

  #read<T extends { privateKeyPem: string }>(file: string): T {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw new BadInput(`${file} holds a private key and others may read it: chmod 600 it`)
    }
    let kept: T & { formatVersion?: unknown }
    try {
      kept = JSON.parse(readFileSync(file, 'utf8')) as T
    } catch {
      throw new BadInput(`${file} is not a file of this keystore`)
    }
    if (kept.formatVersion !== 1 || typeof kept.privateKeyPem !== 'string') {
      throw new BadInput(`${file} is not a file of this keystore`)
    }
    return kept
  }

  #write(file: string, contents: KeptWallet | KeptUser | KeptRequest): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 })
    replaceFile(file, Buffer.from(`${JSON.stringify(contents, null, 2)}\n`))
  }
}
