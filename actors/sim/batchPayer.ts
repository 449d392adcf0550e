import type { BatchSubmission } from '../../edge/gateway/submission.ts'
import { makeRecordId } from '../ledger/batches.ts'
import { encodeBatch } from '../ledger/frameBuilder.ts'
import { commandIdText } from '../ledger/ids.ts'
import { batchFlags } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Evidence } from '../log/evidence.ts'
import type { Request } from './auditor/requestBook.ts'
import type { Client } from './client.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

const institution = 1
/** Chance says in it which shard takes in a batch's id. */
const idHomeByte = 12
const recordsMax = 6
const againMsMin = 100
const againMsMax = 900
const ofTheMoment = new Set(['id-early', 'timestamp-early', 'ids-exhausted', 'frame-repeated'])
const tooOld = new Set(['id-expired', 'timestamp-stale'])

/** An institution that pays for one of its wallets in batches: to the auditor each record is a payment of its own. */
export class BatchPayer {
  readonly #world: World
  readonly #client: Client
  readonly #prng: Prng

  constructor(world: World, client: Client, prng: Prng) {
    this.#world = world
    this.#client = client
    this.#prng = prng
  }

  /** Sends one batch, the same again until each of its records has had its last word. */
  async pay(payer: number, payees: readonly number[], id: Uint8Array, evidence: Evidence): Promise<void> {
    const { auditor, chronicle, outside } = this.#world
    const records = Array.from({ length: this.#prng.between(1, recordsMax) }, (_, index) => {
      return { payer, payee: this.#prng.pick(payees), amount: this.#prng.between(1, 60_000), authorisation: 9, index }
    })
    const requests = records.map((record) => requestOf(id, record))
    const [digestHigh, digestLow] = [this.#prng.bits(), this.#prng.bits()]
    const flags = this.#prng.chance(0.2) ? batchFlags.atomic : 0
    const header = { id, digestHigh, digestLow, institution, flags, requestedMs: outside.clock.nowMs() }
    const partOf = (those: typeof records): BatchSubmission => {
      return { count: those.length, encode: (token) => encodeBatch({ ...header, token }, those), evidence }
    }
    for (const request of requests) auditor.asked(request)
    const told = await this.#untilTold(payer, id, { claim: partOf([]), whole: partOf(records) })
    for (const [i, request] of requests.entries()) {
      const outcome = typeof told === 'string' ? told : refusalOf(told[i]!)
      const word = outcome === 'accepted' ? 'done' : outcome
      chronicle.tell(`answered.batch.${word}`, `${request.wallet}/${request.id}`)
      auditor.answered(request, { outcome: word, place: '' })
    }
  }

  /** @returns a code a record, or why the whole of it was refused */
  async #untilTold(
    payer: number,
    id: Uint8Array,
    { claim, whole }: { claim: BatchSubmission; whole: BatchSubmission },
  ): Promise<Uint8Array | string> {
    let mayHaveRun = false
    for (;;) {
      const ended = await this.#client.ask(({ gateway }) => {
        const part = { shard: gateway.shardOf(payer), submission: whole }
        const home = id[idHomeByte]! % gateway.shardCount
        const parts = home === part.shard ? [part] : [{ shard: home, submission: claim }, part]
        return gateway.payBatch({ institution, id }, parts)
      })
      // What the home refuses no other shard has heard of.
      const outcome = ended?.[0]?.kind === 'refused' ? ended[0] : ended?.at(-1)
      if (outcome?.kind === 'final') return outcome.codes
      const refusal = outcome?.kind === 'refused' ? refusalOf(outcome.code) : undefined
      if (refusal !== undefined && !ofTheMoment.has(refusal)) {
        return tooOld.has(refusal) && mayHaveRun ? 'forgotten' : refusal
      }
      mayHaveRun = true
      await this.#client.sleep(this.#prng.between(againMsMin, againMsMax))
    }
  }
}

function requestOf(
  batchId: Uint8Array,
  record: { payer: number; payee: number; amount: number; index: number },
): Request {
  const { payer, payee, amount, index } = record
  const id = batchId.slice()
  makeRecordId(id, index)
  const body = `record ${payee} ${amount}`
  return { kind: 'payment', wallet: payer, to: payee, fen: amount, id: commandIdText(id), body }
}
