import { commandIdText } from '../ledger/ids.ts'
import { signers } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Prng } from './prng.ts'
import type { Hands } from './shopper.ts'
import type { World } from './world.ts'

/** A payment that its payer asks for back. */
export type ShownCase = {
  readonly payer: number
  readonly payee: number
  readonly id: Uint8Array
  readonly fen: number
}

const institution = 1
const shownMax = 12
const paidMax = 6

/** The part of a person that asks for wrong payments back, and gives back or keeps what others ask for. */
export class Disputer {
  readonly #world: World
  readonly #prng: Prng
  readonly #hands: Hands
  /** What the person paid lately, whatever became of it. */
  readonly #paid: ShownCase[] = []

  constructor(world: World, prng: Prng, hands: Hands) {
    this.#world = world
    this.#prng = prng
    this.#hands = hands
  }

  paid(payment: ShownCase): void {
    this.#paid.push(payment)
    if (this.#paid.length > paidMax) this.#paid.shift()
  }

  async act(self: number): Promise<void> {
    const against = this.#world.cases.filter(({ payee }) => payee === self)
    if (against.length > 0 && this.#prng.chance(0.6)) {
      const one = this.#prng.pick(against)
      await (this.#prng.chance(0.75) ? this.#consent(one) : this.#say('disputeAnswer', one, { consent: 0 }))
    } else if (this.#paid.length > 0) await this.#open(this.#prng.pick(this.#paid))
  }

  /** Asks the payee for what was paid; now and then takes the case back. */
  async #open(payment: ShownCase): Promise<void> {
    const { payer, payee, id, fen } = payment
    const asPayer = { signer: signers.payeeKey }
    if (this.#prng.chance(0.2)) return this.#say('disputeWithdraw', payment, asPayer)
    const known = await this.#hands.ask(payer, { type: 'command', actor: payer, id })
    if (known?.refusal !== 'accepted' || !known.complete) return
    const of = { amount: fen, paidMs: known.time, payerInstitution: institution, textLength: 0 }
    const fields = { ...asPayer, wallet: payee, payer, payment: id, ...of }
    const told = { dispute: commandIdText(id) }
    const { code } = await this.#hands.submit(payee, 'disputeOpen', fields, told, this.#hands.newId())
    this.#world.chronicle.tell(`answered.dispute.${refusalOf(code)}`, `${payer}.${commandIdText(id)}`)
    const { cases } = this.#world
    if (code !== 0) return
    cases.push(payment)
    if (cases.length > shownMax) cases.shift()
  }

  async #say(op: 'disputeAnswer' | 'disputeWithdraw', { payer, payee, id }: ShownCase, more: object): Promise<void> {
    const fields = { wallet: payee, payer, payment: id, ...more }
    const told = { dispute: commandIdText(id), op }
    const { code } = await this.#hands.submit(payee, op, fields, told, this.#hands.newId())
    this.#world.chronicle.tell(`answered.${op}.${refusalOf(code)}`, `${payer}.${commandIdText(id)}`)
  }

  /** Gives back: a payment of the payee's wallet, and of one case never two. */
  async #consent({ payer, payee, id: payment, fen }: ShownCase): Promise<void> {
    const id = this.#hands.newId()
    const dispute = `${payee}/${payer}/${commandIdText(payment)}`
    const body = `give back ${dispute}`
    const request = { kind: 'payment', wallet: payee, to: payer, fen, id: commandIdText(id), body, dispute } as const
    await this.#hands.move('disputeAnswer', { wallet: payee, payer, payment, consent: 1 }, request, id)
  }
}
