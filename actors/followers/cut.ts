import { bodyViews } from '../ledger/frameInput.ts'
import { transitRecord } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import { replayTo, replayUntil } from '../log/replay.ts'
import type { Replica } from '../log/replica.ts'
import type { ShardLog } from '../log/shardLog.ts'

/** One shard as an auditor reads it. */
export type AuditedShard = { readonly replica: Replica; readonly log: ShardLog }

/**
 * Brings the replicas to a consistent cut at or past the logs' ends of now: nothing was received in it that was not
 * sent in it. Each shard is read on only as far as another has received from it, so that a busy region ends it too.
 */
export async function advanceToCut(shards: readonly AuditedShard[]): Promise<void> {
  for (const { replica, log } of shards) await replayTo(replica, log, (await log.bounds()).last)
  for (let settled = false; !settled; ) {
    settled = true
    for (const [source, { replica, log }] of shards.entries()) {
      const sent = (): boolean => shards.every((peer) => receivedFrom(peer, source) <= sentTo(replica, peer))
      if (sent()) continue
      settled = false
      await replayUntil(replica, log, sent)
    }
  }
}

const stateOf = ({ replica }: AuditedShard): State => replica.ledger.state
const receivedFrom = (shard: AuditedShard, source: number): number => stateOf(shard).received[source]!
const sentTo = (replica: Replica, peer: AuditedShard): number => replica.ledger.state.lanes[peer.replica.shard]!.next

/** Sums of a cut, in fen. */
export type CutSums = {
  wallets: bigint
  inFlight: bigint
  redeeming: bigint
  /** Issued less burnt, as the shards booked it. */
  issued: bigint
}

/** What the shards hold at a consistent cut. `wallets` is recounted wallet by wallet, not read from the books. */
export function sumsOf(shards: readonly AuditedShard[]): CutSums {
  const sums: CutSums = { wallets: 0n, inFlight: 0n, redeeming: 0n, issued: 0n }
  for (const shard of shards) {
    const { accounts, wallets, books } = stateOf(shard)
    for (let row = 0; row < wallets.count; row++) {
      sums.wallets += BigInt(accounts.balance(row)) + BigInt(accounts.held(row))
    }
    for (const fen of books.redeeming) sums.redeeming += BigInt(fen)
    for (const fen of books.issuance) sums.issued -= BigInt(fen)
    for (const source of shards) sums.inFlight += owed(source, shard)
  }
  return sums
}

/** Sum of the transit records that the source has sent and the destination has not taken in. */
function owed(source: AuditedShard, destination: AuditedShard): bigint {
  const lane = stateOf(source).lanes[destination.replica.shard]!
  const received = receivedFrom(destination, source.replica.shard)
  const count = lane.next - received
  if (source === destination || count <= 0) return 0n
  const records = bodyViews(new Uint8Array(count * transitRecord.size))
  lane.copy(received, count, records.u8, 0)
  let fen = 0n
  for (let i = 0; i < count; i++) fen += BigInt(records.f64[(i * transitRecord.size + transitRecord.at.amount) >>> 3]!)
  return fen
}
