import type { Blobs } from '../log/blobs.ts'
import { replayTo } from '../log/replay.ts'
import { Replica } from '../log/replica.ts'
import type { Findings } from '../log/report.ts'
import type { Opener } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import type { Snapshot } from '../log/snapshot.ts'
import { type AuditedShard, advanceToCut, type CutSums, sumsOf } from './cut.ts'
import type { Database } from './database.ts'
import { type FarReading, readFarStatements } from './farStatements.ts'
import type { RegionFacts } from './regionFacts.ts'
import { type BookedSagas, bookHeldSagas, bookSaga, compareSagas, type SagaFindings } from './sagaComparison.ts'
import { compareWallets, type WalletFindings } from './walletComparison.ts'

const notesMax = 40

export type ReconcileSources = {
  facts: RegionFacts
  sql: Database
  blobs: Blobs
  logs: readonly ShardLog[]
  openers: readonly Opener[]
  /** By shard: snapshots to begin from, read before anything else so that Postgres has passed most of them. */
  snapshots: readonly (readonly (Snapshot | undefined)[])[]
}

/**
 * Reconciles everything that knows an amount: each wallet's row and journal in Postgres against the log; wallets, money
 * in flight and in redemption against what was issued, at one consistent cut; and each recharge and redemption, by id,
 * against the statements of bank and central bank.
 */
export async function reconcile(sources: ReconcileSources): Promise<Findings> {
  const { facts } = sources
  const { shards, wallets, booked } = await readPostgres(sources)
  await advanceToCut(shards)
  for (const { replica } of shards) bookHeldSagas(booked, replica.ledger.state)
  const sums = sumsOf(shards)

  const far = await readFarStatements(facts)
  await advanceToCut(shards)
  const later: BookedSagas = new Map(booked)
  for (const { replica } of shards) bookHeldSagas(later, replica.ledger.state)
  const sagas = compareSagas(booked, later, far.movements)
  return findingsOf(sums, wallets, sagas, far)
}

/**
 * Whether people must look at what was found. A difference of money up to the threshold is left to the report; a wallet
 * that differs, or what could not be judged, is not.
 */
export function needsReview(
  { verdict, figures }: Pick<Findings, 'verdict' | 'figures'>,
  thresholdFen: bigint,
): boolean {
  if (verdict === 'pass') return false
  const difference = BigInt(figures['difference.fen']!)
  return difference === 0n || difference > thresholdFen || figures['wallets.differing'] !== 0
}

type PostgresRead = { shards: AuditedShard[]; wallets: WalletFindings; booked: BookedSagas }

/** All of Postgres as of one moment, compared with replicas that are brought to the positions it names. */
async function readPostgres(sources: ReconcileSources): Promise<PostgresRead> {
  const { sql, logs, openers, snapshots, blobs } = sources
  return sql.begin('isolation level repeatable read read only', async (transaction) => {
    const tx = transaction as unknown as Database
    const positions = await tx<{ shard: number; seq: bigint }[]>`select shard, seq from positions order by shard`
    if (positions.length < logs.length)
      throw new Error('Postgres does not know every shard yet: is the projector running?')
    const shards: AuditedShard[] = []
    for (const [shard, log] of logs.entries()) {
      const seq = Number(positions[shard]!.seq)
      if (seq === 0) throw new Error(`Postgres has followed nothing of shard ${shard} yet`)
      const replica = new Replica(shard, openers[shard]!)
      restoreAtMost(replica, snapshots[shard]!, seq)
      await replayTo(replica, log, seq)
      shards.push({ replica, log })
    }
    const wallets = await compareWallets(
      tx,
      shards.map(({ replica }) => replica),
      blobs,
    )
    return { shards, wallets, booked: await bookedInPostgres(tx) }
  }) as Promise<PostgresRead>
}

function restoreAtMost(replica: Replica, snapshots: readonly (Snapshot | undefined)[], seq: number): void {
  const usable = snapshots
    .filter((snapshot) => snapshot !== undefined && snapshot.manifest.seq <= seq)
    .toSorted((a, b) => b!.manifest.seq - a!.manifest.seq)[0]
  if (usable !== undefined) replica.restore(usable.manifest, usable.sections)
}

/** Shards forget a saga some time after its end; Postgres keeps them all. */
async function bookedInPostgres(tx: Database): Promise<BookedSagas> {
  const booked: BookedSagas = new Map()
  const rows = tx<{ wallet: bigint; id: Uint8Array; kind: number; amount: bigint; step: number }[]>`
    select wallet, id, kind, amount_fen as amount, step from sagas`
  for await (const page of rows.cursor(5_000)) {
    for (const { wallet, id, kind, amount, step } of page) {
      bookSaga(booked, Number(wallet), id, { kind, fen: amount, step })
    }
  }
  return booked
}

const size = (fen: bigint): bigint => (fen < 0n ? -fen : fen)

function findingsOf(sums: CutSums, wallets: WalletFindings, sagas: SagaFindings, far: FarReading): Findings {
  const inside = sums.wallets + sums.inFlight + sums.redeeming - sums.issued
  let farIssued = 0n
  for (const { issued } of far.movements.values()) farIssued += issued
  // What the central bank has issued, less what is under way, must be what the shards booked as issued.
  const outside = farIssued - sagas.issuedUnderWay - sums.issued
  const restated = size(far.stated.issued - far.sums.issued) + size(far.stated.reserve - far.sums.reserve)
  const difference = size(inside) + size(outside) + restated + sagas.unexplainedFen
  const notes = [
    ...(inside === 0n ? [] : [`wallets + in flight + in redemption differ from the issuance booked by ${inside} fen`]),
    ...(outside === 0n ? [] : [`the central bank's issuance differs from the shards' by ${outside} fen`]),
    ...(restated === 0n ? [] : [`the central bank's balances differ from its own statement by ${restated} fen`]),
    ...wallets.notes,
    ...sagas.unexplained,
  ].slice(0, notesMax)
  return {
    verdict: difference === 0n && wallets.differing === 0 ? 'pass' : 'fail',
    figures: {
      'difference.fen': Number(difference),
      'wallets.compared': wallets.compared,
      'wallets.differing': wallets.differing,
      'wallets.differing.fen': Number(wallets.differingFen),
      'wallets.fen': Number(sums.wallets),
      'in_flight.fen': Number(sums.inFlight),
      'redeeming.fen': Number(sums.redeeming),
      'issued.fen': Number(sums.issued),
      'central_bank.issued.fen': Number(far.sums.issued),
      'central_bank.reserve.fen': Number(far.sums.reserve),
      'sagas.compared': sagas.compared,
      'sagas.under_way': sagas.underWay,
      'sagas.unexplained': sagas.unexplained.length,
    },
    notes,
  }
}
