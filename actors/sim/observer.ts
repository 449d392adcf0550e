import { commandIdText } from '../ledger/ids.ts'
import { isMadeId } from '../ledger/madeIds.ts'
import { postingKinds, type Watch } from '../ledger/outcomes.ts'
import { Replica } from '../log/replica.ts'
import { createOpener } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import type { Posting } from './auditor/walletBook.ts'
import { digestEvery } from './watchedLog.ts'
import type { World } from './world.ts'

const kindNames: Readonly<Record<number, Posting['kind']>> = {
  [postingKinds.paymentOut]: 'paid',
  [postingKinds.paymentIn]: 'received',
  [postingKinds.paymentReturned]: 'payment-returned',
  [postingKinds.recharge]: 'recharged',
  [postingKinds.redemption]: 'redeemed',
  [postingKinds.redemptionReturned]: 'redemption-returned',
  [postingKinds.holdPlaced]: 'held',
  [postingKinds.holdReleased]: 'hold-released',
  // A split is a payment of the merchant's that the ledger makes.
  [postingKinds.splitOut]: 'paid',
  [postingKinds.splitIn]: 'received',
  [postingKinds.splitReturned]: 'payment-returned',
  // A refund is a payment back: it leaves, arrives or comes home like any other.
  [postingKinds.refundOut]: 'paid',
  [postingKinds.refundIn]: 'received',
  [postingKinds.refundReturned]: 'payment-returned',
}

/**
 * Applies what a shard has committed, as the projector does, and shows the auditor every posting. It stands outside of
 * the world's faults: nothing of it is lost or late.
 */
export class Observer {
  readonly shard: number
  readonly replica: Replica
  readonly #world: World
  #epochHere = 0

  constructor(world: World, shard: number) {
    const { auditor, chronicle, ring, mistakes } = world
    this.#world = world
    this.shard = shard
    const posted: Watch['posted'] = (row, kind, fen, counterparty, bytes, at) => {
      const wallet = this.replica.ledger.state.wallets.at.number[row]!
      const posting = { kind: kindNames[kind]!, wallet, fen, counterparty, id: commandIdText(bytes, at) }
      if (kind === postingKinds.splitOut) chronicle.tell('made.split', posting.id)
      else if (fen < 0 && isMadeId(bytes, at)) {
        chronicle.tell(kind === postingKinds.redemption ? 'made.payout' : 'made.scheduled', posting.id)
      }
      chronicle.tell(`posted.${posting.kind}`, `${wallet} ${fen} ${counterparty} ${posting.id}`)
      const { logTimeMs } = this.replica.ledger.state
      auditor.posted({ shard, seq: this.replica.seq + 1, logTimeMs, ...posting })
    }
    this.replica = new Replica(
      shard,
      mistakes.opener(createOpener(ring, { shard }), shard, 'everybody', () => this.#epochHere),
      { posted },
    )
  }

  take(entry: LogEntry): void {
    const { auditor, chronicle } = this.#world
    const { shard, replica } = this
    // Frames here are small and are opened at once; a promise would only come of large ones.
    this.#epochHere = entry.epoch ?? 0
    const applied = replica.apply(entry)
    if (applied instanceof Promise) throw new Error('the observer lags behind its log')
    if (applied.out.skipped === 'other-epoch') chronicle.tell('skipped.otherEpoch', `${shard}/${entry.seq}`)
    if (entry.seq % digestEvery !== 0) return
    const digest = replica.ledger.state.digestText()
    chronicle.tell('applied', `${shard}/${entry.seq} ${digest}`)
    auditor.applied({ shard, seq: entry.seq, epoch: replica.epoch, who: 'the observer', digest })
  }
}
