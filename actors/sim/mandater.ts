import { periods } from '../ledger/calendar.ts'
import { commandIdText } from '../ledger/ids.ts'
import { signers } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Prng } from './prng.ts'
import type { Hands } from './shopper.ts'
import type { World } from './world.ts'

/** A mandate as its payer told its payee of it. */
export type ShownMandate = {
  readonly payer: number
  readonly payee: number
  readonly id: Uint8Array
  readonly fen: number
  readonly scheduled: boolean
}

const institution = 1
const aheadMsMin = 300
const aheadMsMax = 12_000
const shownMax = 16

/** The part of a person that allows others to be paid, collects what others allow, and thinks better of it. */
export class Mandater {
  readonly #world: World
  readonly #prng: Prng
  readonly #hands: Hands

  constructor(world: World, prng: Prng, hands: Hands) {
    this.#world = world
    this.#prng = prng
    this.#hands = hands
  }

  async act(self: number, payees: readonly { readonly number: number }[]): Promise<void> {
    const { mandates } = this.#world
    const mine = mandates.filter(({ payee, scheduled }) => payee === self && !scheduled)
    const given = mandates.filter(({ payer }) => payer === self)
    if (mine.length > 0 && this.#prng.chance(0.6)) await this.#collect(this.#prng.pick(mine))
    else if (given.length > 0 && this.#prng.chance(0.15)) await this.#cancel(this.#prng.pick(given))
    else if (payees.length > 0) await this.#sign(self, this.#prng.pick(payees).number, this.#prng.chance(0.6))
  }

  async #sign(payer: number, payee: number, scheduled: boolean): Promise<void> {
    const { mandates, auditor, chronicle, outside } = this.#world
    const id = this.#hands.newId()
    const fen = this.#prng.between(1, 30_000)
    const monthFen = scheduled ? undefined : fen * this.#prng.between(1, 3)
    const firstMs = outside.clock.nowMs() + (scheduled ? this.#prng.between(aheadMsMin, aheadMsMax) : 0)
    const key = `${payer}.${commandIdText(id)}`
    auditor.mandates.asked(key, { payer, payee, fen, firstMs, ...(monthFen && { monthFen }) })
    const terms = { amount: fen, periodAmount: monthFen ?? 0, firstMs, endsMs: 0, countMax: 0, textLength: 0 }
    const period = scheduled ? periods.once : periods.month
    const parties = { wallet: payer, payee, payeeInstitution: institution }
    const fields = { ...parties, ...terms, period, scheduled: scheduled ? 1 : 0 }
    const told = { payee, fen, firstMs, monthFen: monthFen ?? 0 }
    const { code } = await this.#hands.submit(payer, 'mandateSign', fields, told, id)
    chronicle.tell(`answered.${scheduled ? 'schedule' : 'mandate'}.${refusalOf(code)}`, key)
    if (code !== 0) return
    mandates.push({ payer, payee, id, fen, scheduled })
    if (mandates.length > shownMax) mandates.shift()
  }

  /** Takes a part, now and then more than a payment may be: a payment of the payer's wallet. */
  async #collect({ payer, payee, id: mandate, fen: mostFen }: ShownMandate): Promise<void> {
    const id = this.#hands.newId()
    const fen = this.#prng.between(1, mostFen + 1)
    const key = `${payer}.${commandIdText(mandate)}`
    const of = { wallet: payer, to: payee, fen, id: commandIdText(id), body: `collect ${key} ${fen}` }
    const fields = { signer: signers.payeeKey, wallet: payer, payee, amount: fen, mandate }
    this.#world.chronicle.tell('collect', key)
    await this.#hands.move('mandateCollect', fields, { kind: 'payment', ...of, mandate: key }, id)
  }

  async #cancel({ payer, id: mandate }: ShownMandate): Promise<void> {
    const { auditor, chronicle } = this.#world
    const key = `${payer}.${commandIdText(mandate)}`
    const fields = { wallet: payer, mandate }
    const told = { mandate: commandIdText(mandate) }
    const { code, executed } = await this.#hands.submit(payer, 'mandateCancel', fields, told, this.#hands.newId())
    chronicle.tell(`answered.cancel.${refusalOf(code)}`, key)
    if (code === 0) auditor.mandates.cancelled(key, executed.seq)
  }
}
