import { encodeCommand } from './frameBuilder.ts'
import { Market } from './market.fixture.ts'
import { headOf } from './paper.fixture.ts'
import {
  commandHeadRecord,
  commandOps,
  commandRecords,
  frameKinds,
  keyAlgorithms,
  principalRoles,
  signers,
} from './records.ts'
import { riskActions, riskKinds } from './riskRules.ts'
import type { Answer } from './shard.fixture.ts'
import { operator, type TownOptions } from './town.fixture.ts'

export const second = 1_000
export const minute = 60_000
export const hour = 3_600_000
export const dayMs = 86_400_000
export const secondOperator = 8
export const windowOf = { tenSeconds: 0, minute: 1, hour: 2 } as const

type Fields<K extends Parameters<typeof encodeCommand>[0]> = Parameters<typeof encodeCommand<K>>[1]
type Own<K extends Parameters<typeof encodeCommand>[0]> = Omit<Fields<K>, keyof ReturnType<typeof headOf>>
export type RuleOptions = Partial<Own<'riskPolicyPut'>>

/** A town whose operators set rules about risk. */
export class RiskTown extends Market {
  constructor(options: TownOptions = {}) {
    super(options)
    const put = { number: secondOperator, role: principalRoles.operator, active: 1, publicKey: new Uint8Array(32) }
    this.everywhere('principalPut', put)
  }

  by(principal: number): ReturnType<typeof headOf> {
    return headOf({ signer: signers.operator, principal, actor: 100_000 + principal, id: this.id() })
  }

  /** One command to every shard, under one id, as edges send it. */
  everywhere<K extends Parameters<typeof encodeCommand>[0]>(name: K, own: Own<K>, by = operator): Answer[] {
    const body = encodeCommand(name, { ...this.by(by), ...own } as unknown as Fields<K>)
    return this.shards.map((_, shard) => this.submit(shard, body, frameKinds.commands, 1).answers[0]!)
  }

  rule(kind: keyof typeof riskKinds, o: RuleOptions = {}, by = operator): string {
    const nothing = { window: 0, paymentsMax: 1_000_000, factor: 1, fen: 0, ageMs: 0, effectiveMs: 0 }
    const [answer] = this.everywhere(
      'riskPolicyPut',
      { action: riskActions.refuse, ...nothing, ...o, kind: riskKinds[kind] },
      by,
    )
    return answer!.refusal
  }

  standing(name: string, standing: number, reason = 1, by = operator): string {
    const { shard, number } = this.wallet(name)
    return this.command(shard, 'standingPut', { ...this.by(by), wallet: number, standing, reason }).refusal
  }

  /** Proposes a command in every shard. Returns the proposal's id and how it was answered. */
  propose<K extends 'limitsPut' | 'riskPolicyPut' | 'standingPut' | 'principalPut' | 'secondPersonPut'>(
    name: K,
    own: Own<K>,
    { by = operator, lifeMs = dayMs } = {},
  ): { id: Uint8Array; refusals: string[] } {
    const command = encodeCommand(name, { ...headOf(), ...own } as unknown as Fields<K>)
    const change = command.slice(commandHeadRecord.size, commandRecords[name].size)
    const head = this.by(by)
    const fields = { ...head, changeOp: commandOps[name], change, expiresMs: this.nowMs + lifeMs, textLength: 0 }
    const body = encodeCommand('proposalOpen', fields)
    const answers = this.shards.map((_, shard) => this.submit(shard, body, frameKinds.commands, 1).answers[0]!)
    return { id: head.id, refusals: answers.map(({ refusal }) => refusal) }
  }

  decide(proposal: Uint8Array, by: number, agreed = 1): string[] {
    return this.everywhere('proposalDecide', { proposal, agreed }, by).map(({ refusal }) => refusal)
  }

  /** Gives a wallet a key that signs only for a person who is there. */
  usePasskey(name: string): void {
    const { shard, number } = this.wallet(name)
    const { state } = this.shards[shard]!.ledger
    const row = state.walletRows.row(number)
    state.wallets.hashRow(state.digest, row, -1)
    state.wallets.at.algorithm[row] = keyAlgorithms.webauthnP256
    state.wallets.hashRow(state.digest, row, 1)
  }
}
