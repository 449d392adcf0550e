import { periods } from './calendar.ts'
import { encodeCommand } from './frameBuilder.ts'
import { findMandateView, type MandateView } from './mandateViews.ts'
import { Market } from './market.fixture.ts'
import { fenOf, headOf } from './paper.fixture.ts'
import { frameKinds, signers } from './records.ts'
import type { Answer } from './shard.fixture.ts'
import { institution } from './town.fixture.ts'

export type Terms = {
  id?: Uint8Array
  payee?: string
  period?: keyof typeof periods
  periodYuan?: string
  firstMs?: number
  endsMs?: number
  countMax?: number
  scheduled?: boolean
  payeeInstitution?: number
}

/** A town with a landlord in its first shard, and a tenant in each of two. */
export class Street extends Market {
  constructor(idsMax = 1_024, startMs?: number) {
    super({ idsMax, ...(startMs === undefined ? {} : { startMs }) })
    this.shop('landlord', { shard: 0 })
    this.open('ann', { shard: 0, yuan: '100.00' })
    this.open('bo', { shard: 1, yuan: '100.00' })
  }

  /** Allows the landlord to collect, or pays it by itself at its times. */
  sign(payer: string, yuan: string, terms: Terms = {}): Answer & { id: Uint8Array } {
    const { number, shard } = this.wallet(payer)
    const head = { ...this.byWallet(payer), ...(terms.id && { id: terms.id }) }
    const scheduled = terms.scheduled === true
    const fields = {
      ...head,
      wallet: number,
      payee: this.wallet(terms.payee ?? 'landlord').number,
      amount: fenOf(yuan),
      periodAmount: scheduled ? 0 : fenOf(terms.periodYuan ?? '1000000.00'),
      firstMs: terms.firstMs ?? this.nowMs,
      endsMs: terms.endsMs ?? 0,
      payeeInstitution: terms.payeeInstitution ?? institution,
      countMax: terms.countMax ?? 0,
      textLength: 4,
      period: periods[terms.period ?? 'month'],
      scheduled: scheduled ? 1 : 0,
    }
    const body = encodeCommand('mandateSign', fields, new TextEncoder().encode('rent'))
    return { ...this.submit(shard, body, frameKinds.commands, 1).answers[0]!, id: head.id }
  }

  schedule(payer: string, yuan: string, firstMs: number, terms: Terms = {}): Answer & { id: Uint8Array } {
    return this.sign(payer, yuan, { ...terms, firstMs, scheduled: true })
  }

  collect(payer: string, mandate: Uint8Array, yuan: string, o: { id?: Uint8Array; payee?: string } = {}): Answer {
    const { number, shard } = this.wallet(payer)
    const by = headOf({ signer: signers.payeeKey, keyVersion: 1, actor: number, id: o.id ?? this.id() })
    const payee = this.wallet(o.payee ?? 'landlord').number
    return this.command(shard, 'mandateCollect', { ...by, wallet: number, payee, amount: fenOf(yuan), mandate })
  }

  cancel(payer: string, mandate: Uint8Array): Answer {
    const { number, shard } = this.wallet(payer)
    return this.command(shard, 'mandateCancel', { ...this.byWallet(payer), wallet: number, mandate })
  }

  mandate(payer: string, id: Uint8Array): MandateView | undefined {
    const { number, shard } = this.wallet(payer)
    return findMandateView(this.shards[shard]!.ledger.state, number, id)
  }

  /** Time goes on in both shards, and what is due is carried out. */
  until(ms: number): void {
    this.nowMs = ms
    for (const shard of [0, 1]) this.tick(shard)
  }
}
