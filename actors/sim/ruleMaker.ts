import { ed25519Algorithm } from '../../edge/routes/authentication.ts'
import { requestDigest } from '../../edge/routes/requestDigest.ts'
import { encodeCommand, systemHead } from '../ledger/frameBuilder.ts'
import { commandIdText } from '../ledger/ids.ts'
import { commandHeadRecord, commandOps, commandRecords, signers } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import { riskActions, riskKinds } from '../ledger/riskRules.ts'
import { Client } from './client.ts'
import type { Prng } from './prng.ts'
import { simulatedEvidence } from './simEvidence.ts'
import { simulatedId, timeOf } from './simIds.ts'
import type { World } from './world.ts'

const againMsMin = 100
const againMsMax = 900
const lifeMs = 20 * 86_400_000
const pauseMs = 4_000
/** The same command may be taken later. */
const ofTheMoment = new Set(['id-early', 'ids-exhausted', 'frame-repeated'])
const operators = [1, 2] as const
const operatorActorBase = 100_000

type Rule = { kind: number; window: number; action: number; paymentsMax: number; factor: number; fen: number }
type Decided = { readonly rule: Rule; readonly saidMs: number; readonly agreed: boolean; readonly everywhere: boolean }

/**
 * Two operators who change rules about risk, each needing the other: one bound on how often wallets pay, which stays,
 * and others that come and go. They patiently tell every shard.
 */
export class RuleMaker {
  readonly #world: World
  readonly #prng: Prng
  readonly #client: Client
  readonly #decided: Decided[] = []

  constructor(world: World) {
    this.#world = world
    this.#prng = world.prng.fork('rules')
    this.#client = new Client(world, world.prng.fork('rule client'))
  }

  async live(): Promise<void> {
    if (this.#prng.chance(0.4)) return
    await this.#bound()
    while (!this.#world.calmed) {
      await this.#client.sleep(this.#prng.between(1, pauseMs))
      if (!this.#world.calmed) await this.#change(this.#anyRule(), this.#prng.chance(0.7))
    }
  }

  /** The rule that the auditor holds the region to. */
  async #bound(): Promise<void> {
    const paymentsMax = this.#prng.between(3, 12)
    const rule = {
      kind: riskKinds.payerFrequency,
      window: 0,
      action: riskActions.refuse,
      factor: 1,
      fen: 0,
      paymentsMax,
    }
    const agreed = await this.#change(rule, true)
    for (const shard of agreed) {
      const read = await this.#client.ask((edge) => edge.gateway.queries.ask(shard, { type: 'riskRules' }, 'owner'))
      if (read === undefined || !read.result.versions.some((one) => one.kind === rule.kind)) continue
      this.#world.auditor.frequency.begin(shard, read.asOf.timeMs, paymentsMax)
    }
  }

  #anyRule(): Rule {
    const { between, chance, pick } = {
      between: (min: number, max: number) => this.#prng.between(min, max),
      chance: (p: number) => this.#prng.chance(p),
      pick: <T>(list: readonly T[]) => this.#prng.pick(list),
    }
    const kind = pick([riskKinds.deviceFrequency, riskKinds.merchantFrequency, riskKinds.habit, riskKinds.newLink])
    const action = chance(0.3) ? riskActions.off : riskActions.refuse
    return {
      kind,
      window: between(0, 2),
      action,
      paymentsMax: between(2, 40),
      factor: between(2, 9),
      fen: between(0, 200_000),
    }
  }

  /** Proposes a rule and decides about it. @returns the shards that took the decision */
  async #change(rule: Rule, agreed: boolean): Promise<number[]> {
    const [proposer, other] = this.#prng.chance(0.5) ? operators : ([operators[1], operators[0]] as const)
    const proposal = this.#id()
    const opened = await this.#everywhere('proposalOpen', this.#openingOf(rule), proposer, proposal)
    if (opened.length === 0) return []
    if (this.#prng.chance(0.3)) {
      const alone = await this.#everywhere('proposalDecide', { proposal, agreed: 1 }, proposer, this.#id())
      if (alone.length > 0) this.#world.chronicle.violation(`operator ${proposer} agreed with itself`)
    }
    const id = this.#id()
    const decider = agreed ? other : this.#prng.pick(operators)
    const taken = await this.#everywhere('proposalDecide', { proposal, agreed: agreed ? 1 : 0 }, decider, id)
    const everywhere = taken.length === this.#world.scenario.shardCount
    this.#decided.push({ rule, saidMs: timeOf(id), agreed, everywhere })
    this.#world.chronicle.tell(agreed ? 'rule.agreed' : 'rule.given-up', `${rule.kind} in ${taken.length} shards`)
    return agreed ? taken : []
  }

  #openingOf(rule: Rule): object {
    const command = encodeCommand('riskPolicyPut', { ...systemHead, ...rule, ageMs: 1_000, effectiveMs: 0 })
    const change = command.slice(commandHeadRecord.size, commandRecords.riskPolicyPut.size)
    return { changeOp: commandOps.riskPolicyPut, change, expiresMs: this.#world.outside.clock.nowMs() + lifeMs }
  }

  /** Tells every shard until each has said its last word. @returns those that took it */
  async #everywhere(
    op: 'proposalOpen' | 'proposalDecide',
    own: object,
    principal: number,
    id: Uint8Array,
  ): Promise<number[]> {
    const shards = Array.from({ length: this.#world.scenario.shardCount }, (_, shard) => shard)
    const by = { signer: signers.operator, keyVersion: 0, actor: operatorActorBase + principal, principal, id }
    const answers = await Promise.all(shards.map((shard) => this.#untilLastWord(shard, op, { ...by, ...own }, id)))
    for (const answer of new Set(answers)) this.#world.chronicle.tell(`answered.${op}.${answer}`, commandIdText(id))
    return shards.filter((shard) => answers[shard] === 'accepted')
  }

  async #untilLastWord(shard: number, op: 'proposalOpen' | 'proposalDecide', fields: object, id: Uint8Array) {
    const digest = requestDigest(op, { id: commandIdText(id) })
    const evidence = simulatedEvidence(digest, ed25519Algorithm)
    for (;;) {
      const request = { op, fields: fields as never, evidence }
      const submitted = await this.#client.ask((edge) => edge.gateway.command(shard, request))
      const answer = submitted?.kind === 'answered' ? refusalOf(submitted.code) : undefined
      if (answer !== undefined && !ofTheMoment.has(answer)) return answer
      await this.#client.sleep(this.#prng.between(againMsMin, againMsMax))
    }
  }

  #id(): Uint8Array {
    return simulatedId(this.#prng, this.#world.outside.clock.nowMs())
  }

  /** At the end: what two agreed on stands in every shard that was told, and what was given up in none. */
  close(): void {
    const { committed, chronicle } = this.#world
    for (const { rule, saidMs, agreed, everywhere } of this.#decided) {
      const has = committed.observers.filter(({ replica }) =>
        replica.ledger.state.risk.rules.versions.some((one) => one.saidMs === saidMs && one.kind === rule.kind),
      )
      if (!agreed && has.length > 0) chronicle.violation(`a rule that was given up stands in ${has.length} shards`)
      if (agreed && everywhere && has.length < committed.observers.length) {
        chronicle.violation(`a rule that two agreed on stands in ${has.length} of ${committed.observers.length} shards`)
      }
    }
  }
}
