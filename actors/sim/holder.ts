import { commandIdText } from '../ledger/ids.ts'
import { signers } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Prng } from './prng.ts'
import type { Hands } from './shopper.ts'
import type { World } from './world.ts'

/** Money that somebody said to hold for somebody. */
export type ShownHold = {
  readonly payer: number
  readonly payee: number
  readonly id: Uint8Array
  readonly fen: number
  readonly expiresMs: number
}

const institution = 1
const lifeMsMin = 300
const lifeMsMax = 20_000
const shownMax = 12

/** The part of a person that holds money for others, and takes or gives up what others hold for it. */
export class Holder {
  readonly #world: World
  readonly #prng: Prng
  readonly #hands: Hands

  constructor(world: World, prng: Prng, hands: Hands) {
    this.#world = world
    this.#prng = prng
    this.#hands = hands
  }

  async act(self: number, payees: readonly { readonly number: number }[]): Promise<void> {
    const mine = this.#world.holds.filter(({ payee }) => payee === self)
    if (mine.length > 0 && this.#prng.chance(0.6)) {
      const hold = this.#prng.pick(mine)
      await (this.#prng.chance(0.8) ? this.#capture(hold) : this.#giveUp(hold))
    } else if (payees.length > 0) await this.#place(self, this.#prng.pick(payees).number)
  }

  async #place(payer: number, payee: number): Promise<void> {
    const { holds, auditor, chronicle, outside } = this.#world
    const id = this.#hands.newId()
    const fen = this.#prng.between(1, 60_000)
    const expiresMs = outside.clock.nowMs() + this.#prng.between(lifeMsMin, lifeMsMax)
    auditor.holds.asked(`${payer}.${commandIdText(id)}`, fen, expiresMs)
    const fields = { wallet: payer, payee, amount: fen, expiresMs, payeeInstitution: institution }
    const { code } = await this.#hands.submit(payer, 'holdPlace', fields, { payee, fen, expiresMs }, id)
    chronicle.tell(`answered.hold.${refusalOf(code)}`, `${payer}.${commandIdText(id)}`)
    if (code !== 0) return
    holds.push({ payer, payee, id, fen, expiresMs })
    if (holds.length > shownMax) holds.shift()
  }

  /** Takes a part, now and then more than there is: a payment of the payer's wallet. */
  async #capture({ payer, payee, id: hold, fen: heldFen, expiresMs }: ShownHold): Promise<void> {
    const id = this.#hands.newId()
    const fen = this.#prng.between(1, Math.max(1, Math.floor(heldFen / (this.#prng.chance(0.5) ? 3 : 1)) + 1))
    const named = { key: `${payer}.${commandIdText(hold)}`, expiresMs }
    const body = `capture ${named.key} ${fen}`
    const request = {
      kind: 'payment',
      wallet: payer,
      to: payee,
      fen,
      id: commandIdText(id),
      body,
      hold: named,
    } as const
    const fields = { signer: signers.payeeKey, wallet: payer, payee, amount: fen, hold }
    this.#world.chronicle.tell('capture', named.key)
    await this.#hands.move('holdCapture', fields, request, id)
  }

  async #giveUp({ payer, payee, id: hold }: ShownHold): Promise<void> {
    const fields = { signer: signers.payeeKey, wallet: payer, payee, hold }
    const told = { hold: commandIdText(hold) }
    const { code } = await this.#hands.submit(payer, 'holdVoid', fields, told, this.#hands.newId())
    this.#world.chronicle.tell(`answered.void.${refusalOf(code)}`, `${payer}.${commandIdText(hold)}`)
  }
}
