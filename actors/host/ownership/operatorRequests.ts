import { z } from 'zod'
import type { LaneEnds } from '../../log/laneEnds.ts'
import { type OperatorWord, operatorsWhoSaid } from '../../log/operatorWord.ts'
import type { MoveAgreement } from './moveAgreement.ts'
import { type ShardOwnership, soloLeaseMs } from './shardOwnership.ts'

const requestMsMax = 12_000
const againMs = 500
/** Longer than any solo lease is trusted, whatever the other machine's clock makes of a second. */
const soloSurelyOverMs = 2.5 * soloLeaseMs

const controlRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status') }),
  /** How far it and the other shards have come with what they owe one another. */
  z.object({ type: z.literal('lanes') }),
  z.object({ type: z.literal('takeover') }),
  z.object({ type: z.literal('move') }),
  z.object({
    type: z.literal('accept-loss'),
    words: z.array(z.object({ operator: z.int().min(1), signature: z.string().max(100) })).max(8),
  }),
])

/** What moves a shard, or asks only how it stands. */
type Wish = Exclude<z.infer<typeof controlRequest>, { type: 'lanes' }>

export type ControlAnswer = { readonly ok: boolean; readonly reason?: string } & Record<string, unknown>

export type OperatorRequestsOptions = {
  readonly region: string
  readonly shard: number
  readonly ownership: ShardOwnership
  readonly agreement: MoveAgreement
  /** Key of an operator who may act, as the replica's ledger has it. */
  readonly operatorKey: (operator: number) => Uint8Array | undefined
  readonly status: () => Record<string, unknown>
  /** By peer shard, as the replica has applied them; undefined while it has nothing. */
  readonly lanes: () => readonly LaneEnds[] | undefined
}

/** What operators ask of a region's replica of a shard. An answer says how the shard stands then. */
export class OperatorRequests {
  readonly #o: OperatorRequestsOptions
  readonly #ownership: ShardOwnership

  constructor(options: OperatorRequestsOptions) {
    this.#o = options
    this.#ownership = options.ownership
  }

  /** Never rejects: what comes from outside is answered. */
  async answer(message: unknown): Promise<ControlAnswer> {
    const parsed = controlRequest.safeParse(message)
    if (!parsed.success) return { ok: false, reason: 'request-malformed' }
    if (parsed.data.type === 'lanes') return this.#lanes()
    const reason = await this.#follow(parsed.data)
    return reason === undefined ? { ok: true, ...this.#o.status() } : { ok: false, reason, ...this.#o.status() }
  }

  #lanes(): ControlAnswer {
    const lanes = this.#o.lanes()
    const status = this.#o.status()
    return lanes === undefined ? { ok: false, reason: 'state-unknown', ...status } : { ok: true, lanes, ...status }
  }

  /** @returns why it was not done */
  #follow(request: Wish): Promise<string | undefined> | string | undefined {
    const { state, owner } = this.#ownership
    if (request.type === 'status') return undefined
    if (state.record === undefined) return 'record-unknown'
    switch (request.type) {
      case 'takeover':
        if (owner) return undefined
        if (state.record.mode === 'solo') return 'owner-commits-alone'
        return this.#urge(() => this.#ownership.tell({ kind: 'takeover' }))
      case 'move':
        if (!owner) return 'not-owner'
        if (state.record.mode === 'solo') return 'owner-commits-alone'
        return this.#urge(() => this.#o.agreement.begin())
      case 'accept-loss':
        return this.#acceptLoss(request.words)
    }
  }

  #acceptLoss(words: readonly OperatorWord[]): Promise<string | undefined> | string {
    const { state, owner, revisionAgeMs } = this.#ownership
    const { region, shard, operatorKey } = this.#o
    const statement = { shard, epoch: state.record!.epoch, region }
    if (operatorsWhoSaid(statement, words, operatorKey).size < 2) return 'two-operators-needed'
    if (owner) return 'owner'
    if (state.record?.mode !== 'solo') return 'nothing-to-lose'
    // The owner lives: the record shows each renewal of its lease.
    if (revisionAgeMs < soloSurelyOverMs) return 'owner-may-be-alive'
    return this.#urge(() => this.#ownership.tell({ kind: 'accept-loss', revision: state.revision }))
  }

  /** Wishes for it until the owner is another, or it takes too long. */
  async #urge(wish: () => void): Promise<string | undefined> {
    const { epoch } = this.#ownership.state.record!
    for (let waitedMs = 0; waitedMs < requestMsMax; waitedMs += againMs) {
      wish()
      if (await this.#ownership.until(({ record }) => record!.epoch > epoch, againMs)) return undefined
      if (this.#ownership.state.record!.mode === 'solo' && this.#ownership.state.intent === 'none') break
    }
    return 'not-in-time'
  }
}
