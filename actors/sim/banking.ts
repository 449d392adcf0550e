import { commandIdText } from '../ledger/ids.ts'
import { rechargeSteps, redemptionSteps } from '../ledger/records.ts'
import { refusalOf, refusalTable } from '../ledger/refusals.ts'
import type { SagaView } from '../ledger/views.ts'
import { sealBankToken } from '../log/accountSealing.ts'
import type { Answer } from './auditor/requestBook.ts'
import type { Client } from './client.ts'
import { type Errand, placeOf } from './errand.ts'
import type { Hands } from './shopper.ts'
import { timeOf } from './simIds.ts'
import type { World } from './world.ts'

const sagaAskMs = 400
const hourMs = 3_600_000

const sagaEnds: Readonly<Record<SagaView['kind'], Readonly<Record<number, string>>>> = {
  recharge: {
    [rechargeSteps.settled]: 'settled',
    [rechargeSteps.refused]: 'refused',
    [rechargeSteps.refunded]: 'refunded',
  },
  redemption: {
    [redemptionSteps.paid]: 'paid',
    [redemptionSteps.refused]: 'refused',
    [redemptionSteps.returned]: 'returned',
  },
}

/** The part of a person that moves money between the wallet and the account that is linked to it. */
export class Banking {
  readonly #world: World
  readonly #client: Client
  readonly #hands: Hands
  readonly #bankToken: string

  constructor(world: World, client: Client, hands: Hands, bankToken: string) {
    this.#world = world
    this.#client = client
    this.#hands = hands
    this.#bankToken = bankToken
  }

  saga(kind: SagaView['kind'], fen: number, wallet: number, link: number): Errand {
    const id = this.#hands.newId()
    const txId = commandIdText(id)
    const told = { kind, amount: fen, link }
    const run = async (): Promise<Answer> => {
      const fields = { wallet, amount: fen, link }
      const { code, executed } =
        kind === 'recharge'
          ? await this.#hands.submit(wallet, 'rechargeRequest', { ...fields, ...this.#token(wallet, txId) }, told, id)
          : await this.#hands.submit(wallet, 'redemptionRequest', fields, told, id)
      const refusal = refusalOf(code)
      if (refusal === 'id-expired' || refusal === 'id-seen') return { outcome: 'forgotten', place: '' }
      if (refusal === 'accepted') return this.#end(wallet, id)
      return { outcome: refusal, place: refusalTable[refusal].remembered ? placeOf(executed) : '' }
    }
    return { request: { kind, wallet, to: 0, fen, id: txId, body: JSON.stringify(told) }, run }
  }

  #token(wallet: number, txId: string): { tokenLength: number; sealedToken: Uint8Array } {
    const sealedToken = sealBankToken(this.#world.blobs, wallet, txId, this.#bankToken)
    return { tokenLength: sealedToken.length, sealedToken }
  }

  async #end(wallet: number, id: Uint8Array): Promise<Answer> {
    for (;;) {
      const view = await this.#hands.ask(wallet, { type: 'saga', wallet, id })
      if (view !== undefined && view !== null) {
        const outcome = sagaEnds[view.kind][view.step]
        if (outcome !== undefined) return { outcome, place: `${view.seq}/${view.index}` }
      }
      // Of yesterday's a shard knows the id longer than the end; the rest stands in the journal.
      if (view === null && this.#world.outside.clock.nowMs() - timeOf(id) > hourMs)
        return { outcome: 'forgotten', place: '' }
      await this.#client.sleep(sagaAskMs)
    }
  }
}
