import { duePerFrameMax } from './dueDeadlines.ts'
import { findHoldView, type HoldView } from './holdViews.ts'
import { Market } from './market.fixture.ts'
import { fenMax } from './money.ts'
import { fenOf, headOf } from './paper.fixture.ts'
import { signers } from './records.ts'
import type { Answer } from './shard.fixture.ts'
import { institution, mondayMorningMs } from './town.fixture.ts'

const hourMs = 3_600_000

/** Payers of two shards and a hotel in the first, all of one institution. */
export class Hotel extends Market {
  constructor(idsMax = 1_024, startMs = mondayMorningMs) {
    super({ idsMax, startMs })
    this.shop('hotel', { shard: 0 })
    this.open('ann', { shard: 0, yuan: '100.00' })
    this.open('bo', { shard: 1, yuan: '100.00' })
  }

  hold(
    payer: string,
    yuan: string,
    o: { id?: Uint8Array; expiresMs?: number; payee?: string } = {},
  ): Answer & { id: Uint8Array } {
    const { number, shard } = this.wallet(payer)
    const head = { ...this.byWallet(payer), ...(o.id && { id: o.id }) }
    const answer = this.command(shard, 'holdPlace', {
      ...head,
      wallet: number,
      payee: this.wallet(o.payee ?? 'hotel').number,
      amount: fenOf(yuan),
      expiresMs: o.expiresMs ?? this.nowMs + hourMs,
      payeeInstitution: institution,
    })
    return { ...answer, id: head.id }
  }

  byPayee(payer: string): ReturnType<typeof headOf> {
    return headOf({ signer: signers.payeeKey, keyVersion: 1, actor: this.wallet(payer).number, id: this.id() })
  }

  capture(payer: string, hold: Uint8Array, yuan: string, o: { id?: Uint8Array; payee?: string } = {}): Answer {
    const { number, shard } = this.wallet(payer)
    const payee = this.wallet(o.payee ?? 'hotel').number
    const head = { ...this.byPayee(payer), ...(o.id && { id: o.id }) }
    return this.command(shard, 'holdCapture', { ...head, wallet: number, payee, amount: fenOf(yuan), hold })
  }

  void(payer: string, hold: Uint8Array, o: { id?: Uint8Array } = {}): Answer {
    const { number, shard } = this.wallet(payer)
    const payee = this.wallet('hotel').number
    const head = { ...this.byPayee(payer), actor: payee, ...(o.id && { id: o.id }) }
    return this.command(shard, 'holdVoid', { ...head, wallet: number, payee, hold })
  }

  /**
   * Holds of others that expire at a moment, more than one frame frees: what expires a moment later is overdue and not
   * carried out in the next frame.
   */
  crowd(expiresMs: number): void {
    const each = Math.ceil((duePerFrameMax + 1) / 3)
    for (const name of ['guest 0', 'guest 1', 'guest 2']) {
      this.open(name, { shard: 0, yuan: '1.00' })
      for (let n = 0; n < each; n++) this.hold(name, '0.01', { expiresMs })
    }
  }

  limits(limits: { day?: number; year?: number }): void {
    const all = { class: 1, effectiveMs: 0, balance: fenMax, single: fenMax, day: fenMax, year: fenMax, ...limits }
    this.command(0, 'limitsPut', { ...this.byOperator(), ...all })
  }

  holdView(payer: string, hold: Uint8Array): HoldView | undefined {
    const { number, shard } = this.wallet(payer)
    return findHoldView(this.shards[shard]!.ledger.state, number, hold)
  }
}
