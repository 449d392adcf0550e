import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ApiProblem,
  type Client,
  createClient,
  nodeExchange,
  OutcomeUnknown,
  principalSigner,
  walletSigner,
} from '../../../edge/client/node.ts'
import { fenOf } from '../../oneRegion/amounts.ts'
import { inLanes } from '../lanes.ts'
import type { DrillWallet } from '../traffic/wallets.ts'
import type { Entry, RegionView } from './regionView.ts'

const patience = { triesMax: 20, timeoutMs: 10_000, pauseMinMs: 50, pauseMaxMs: 1_000 }
const readsAtOnce = 8
const entriesPerPage = 500
const pollMs = 200

export type ReaderFacts = { region: string; edgeUrl: string; caFile: string; operatorKeyFile: string }
type Followed = { shard: number; seq: number }

/** A region did not come to rest, or its journal did not follow, in time. */
export class NotAtRest extends Error {}

/** Sums of one shard, as a region has them. */
export type ShardTotals = {
  shard: number
  seq: number
  digest: string
  chain: string
  walletsFen: number
  issuanceFen: number
  redeemingFen: number
}

export type Totals = {
  region: string
  walletsFen: number
  issuanceFen: number
  redeemingFen: number
  /** Owed between shards: what is missing to zero once nothing is on its way. */
  inFlightFen: number
  openSagas: number
  shards: ShardTotals[]
}

/** Reads what one region's edge says: it is asked as anybody could ask it. */
export class RegionReader {
  readonly region: string
  readonly #client: Client
  readonly #operatorKeyFile: string

  constructor({ region, edgeUrl, caFile, operatorKeyFile }: ReaderFacts) {
    this.region = region
    this.#client = createClient(edgeUrl, nodeExchange(edgeUrl, readFileSync(caFile), readsAtOnce), patience)
    this.#operatorKeyFile = operatorKeyFile
  }

  async totals(): Promise<Totals> {
    const operator = principalSigner('operator:1', readFileSync(this.#operatorKeyFile, 'utf8'))
    const { body } = await this.#client.call(operator, 'GET', '/v1/totals')
    const fen = (of: Record<string, unknown>, name: string): number => fenOf(String(of[name]))
    const rows = body.shards as Record<string, unknown>[]
    return {
      region: this.region,
      walletsFen: fen(body, 'wallets'),
      issuanceFen: fen(body, 'issuance'),
      redeemingFen: fen(body, 'redeeming'),
      inFlightFen: fen(body, 'in_flight'),
      openSagas: rows.reduce((sum, row) => sum + Number(row.open_sagas), 0),
      shards: rows.map((row) => ({
        ...(row.as_of as Followed),
        digest: String(row.digest),
        chain: String(row.chain),
        walletsFen: fen(row, 'wallets'),
        issuanceFen: fen(row, 'issuance'),
        redeemingFen: fen(row, 'redeeming'),
      })),
    }
  }

  /** Balances from the shards, and each wallet's whole list once the journal has followed to them. */
  async view(wallets: readonly DrillWallet[], deadlineMs: number): Promise<RegionView> {
    const balancesFen: number[] = new Array(wallets.length)
    const entries: Entry[][] = new Array(wallets.length)
    await inLanes(wallets, readsAtOnce, async (wallet, number) => {
      const { balanceFen, seq } = await this.#balance(wallet)
      balancesFen[number] = balanceFen
      entries[number] = await this.#entriesTo(wallet, seq, deadlineMs)
    })
    return { region: this.region, balancesFen, entries }
  }

  async #balance({ walletId, key }: DrillWallet): Promise<{ balanceFen: number; seq: number }> {
    const { body } = await this.#client.call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
    return { balanceFen: fenOf(String(body.balance)), seq: (body.as_of as Followed).seq }
  }

  async #entriesTo(wallet: DrillWallet, seq: number, deadlineMs: number): Promise<Entry[]> {
    for (;;) {
      try {
        const { entries, followedSeq } = await this.#entries(wallet)
        if (followedSeq >= seq) return entries
        if (performance.now() > deadlineMs) {
          throw new NotAtRest(`region ${this.region}: the list of ${wallet.walletId} is at ${followedSeq}, not ${seq}`)
        }
      } catch (error) {
        if (!(error instanceof ApiProblem) && !(error instanceof OutcomeUnknown)) throw error
        if (performance.now() > deadlineMs) throw error
      }
      await sleep(pollMs)
    }
  }

  async #entries({ walletId, key }: DrillWallet): Promise<{ entries: Entry[]; followedSeq: number }> {
    const entries: Entry[] = []
    let followedSeq: number | undefined
    for (let cursor = ''; ; ) {
      const path = `/v1/wallets/${walletId}/entries?limit=${entriesPerPage}${cursor && `&cursor=${cursor}`}`
      const { body } = await this.#client.call(walletSigner(walletId, key), 'GET', path)
      const page = body.entries as Record<string, unknown>[]
      entries.push(...page.map((line) => entryOf(walletId, line)))
      followedSeq ??= (body.followed as Followed).seq
      if (body.next_cursor === null) return { entries, followedSeq }
      cursor = String(body.next_cursor)
    }
  }
}

function entryOf(walletId: string, line: Record<string, unknown>): Entry {
  const { id, kind, amount } = line
  return { id: String(id), kind: String(kind), fen: fenOf(String(amount)), line: `${walletId} ${JSON.stringify(line)}` }
}

/** Waits until nothing is on its way in any region. @returns the sums, also when that did not happen in time */
export async function totalsAtRest(readers: readonly RegionReader[], withinMs: number): Promise<Totals[]> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const all = await Promise.all(readers.map((reader) => reader.totals()))
    if (all.every(isAtRest) && agree(all)) return all
    if (performance.now() > deadlineMs) return all
    await sleep(pollMs)
  }
}

const isAtRest = ({ inFlightFen, openSagas }: Totals): boolean => inFlightFen === 0 && openSagas === 0

/** A standby is a little behind its owner; at rest it stands at the same position. */
function agree([first, ...others]: readonly Totals[]): boolean {
  return others.every((other) => other.shards.every(({ seq }, shard) => seq === first!.shards[shard]!.seq))
}
