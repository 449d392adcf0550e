import { commandIdText } from '../ledger/ids.ts'
import { postingKinds, type Watch } from '../ledger/outcomes.ts'
import { Replica } from '../log/replica.ts'
import { createOpener } from '../log/sealing.ts'
import type { Posting } from './auditor/walletBook.ts'
import { digestEvery, type Region, textOf } from './region.ts'

const kindNames: Readonly<Record<number, Posting['kind']>> = {
  [postingKinds.paymentOut]: 'paid',
  [postingKinds.paymentIn]: 'received',
  [postingKinds.paymentReturned]: 'payment-returned',
  [postingKinds.recharge]: 'recharged',
  [postingKinds.redemption]: 'redeemed',
  [postingKinds.redemptionReturned]: 'redemption-returned',
}

/**
 * Follows a shard's log beside its workers, as the projector does, and shows the auditor every posting. It lives outside
 * of the region's faults: nothing of it is lost or late.
 */
export function observe(region: Region, shard: number): Replica {
  const { auditor, chronicle, ring, mistakes } = region
  const posted: Watch['posted'] = (row, kind, fen, counterparty, bytes, at) => {
    const wallet = replica.ledger.state.wallets.at.number[row]!
    const posting = { kind: kindNames[kind]!, wallet, fen, counterparty, id: commandIdText(bytes, at) }
    chronicle.tell(`posted.${posting.kind}`, `${wallet} ${fen} ${counterparty} ${posting.id}`)
    auditor.posted({ shard, seq: replica.seq + 1, ...posting })
  }
  const replica: Replica = new Replica(shard, mistakes.opener(createOpener(ring, { shard }), shard, 'everybody'), {
    posted,
  })
  const { memory } = region.logs[shard]!
  const follower = memory.follow(1, (entry) => {
    // Frames here are small and are opened at once; a promise would only come of large ones.
    if (replica.apply(entry) instanceof Promise) throw new Error('the observer lags behind its log')
    if (entry.seq % digestEvery !== 0) return
    const digest = replica.ledger.state.digestText()
    chronicle.tell('applied', `${shard}/${entry.seq} ${digest}`)
    auditor.applied({ shard, seq: entry.seq, who: 'the observer', digest })
  })
  void follower.failed.then((error) => chronicle.violation(`the observer of shard ${shard} stops: ${textOf(error)}`))
  return replica
}
