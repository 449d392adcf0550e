import { keyAlgorithms, merchantRoles, signers } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { TillWord } from './auditor/requestBook.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { Hands } from './shopper.ts'
import { simulatedKey } from './simKeys.ts'

/** Numbers that a merchant may give. Here each is given once, so that a till that was removed stays removed. */
const tillsMax = 32
const limitFenMin = 1
const limitFenMax = 400

type Till = { readonly number: number; readonly limitFen: number; removed: boolean }

/** A merchant's sub-users who refund, each up to its limit: some come, some go, and those that went try still. */
export class Tills {
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #hands: Hands
  readonly #tills: Till[] = []
  #given = 0

  constructor(prng: Prng, chronicle: Chronicle, hands: Hands) {
    this.#prng = prng
    this.#chronicle = chronicle
    this.#hands = hands
  }

  /** Who refunds: a till, or nobody but the merchant. */
  async one(merchant: number): Promise<{ fields: object; word: TillWord } | undefined> {
    if (this.#prng.chance(0.3)) return undefined
    const few = this.#there().length === 0 || this.#prng.chance(0.2)
    if (few && this.#given < tillsMax) await this.#enter(merchant)
    const there = this.#there()
    const leaving = there.length > 0 && this.#prng.chance(0.4) ? this.#prng.pick(there) : undefined
    if (leaving !== undefined) await this.#remove(merchant, leaving)
    if (this.#tills.length === 0) return undefined
    const { number: principal, limitFen, removed } = leaving ?? this.#prng.pick(this.#tills)
    return { fields: { signer: signers.merchantUser, principal, keyVersion: 1 }, word: { limitFen, removed } }
  }

  #there(): Till[] {
    return this.#tills.filter(({ removed }) => !removed)
  }

  async #enter(merchant: number): Promise<void> {
    const number = ++this.#given
    const limitFen = this.#prng.between(limitFenMin, limitFenMax)
    const key = simulatedKey(`till ${merchant}/${number}`, 1)
    const said = { number, role: merchantRoles.refunder, limit: limitFen }
    const fields = { wallet: merchant, ...said, algorithm: keyAlgorithms.ecdsaP256, key, textLength: 0 }
    const { code } = await this.#hands.submit(merchant, 'merchantUserPut', fields, said, this.#hands.newId())
    this.#chronicle.tell(`answered.till.${refusalOf(code)}`, `${merchant}/${number}`)
    if (code === 0) this.#tills.push({ number, limitFen, removed: false })
  }

  /** Only once its merchant has been told is it gone for sure. */
  async #remove(merchant: number, till: Till): Promise<void> {
    const { number } = till
    const id = this.#hands.newId()
    const { code } = await this.#hands.submit(
      merchant,
      'merchantUserRemove',
      { wallet: merchant, number },
      { number },
      id,
    )
    this.#chronicle.tell(`answered.till.removed.${refusalOf(code)}`, `${merchant}/${number}`)
    till.removed = true
  }
}
