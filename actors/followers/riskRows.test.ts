import { expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { encodeCommand } from '../ledger/frameBuilder.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { commandHeadRecord, commandOps, commandRecords, signers } from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import { riskActions, riskKinds } from '../ledger/riskRules.ts'
import { standings } from '../ledger/standings.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'

let followed: FollowedTown
let alice: Resident
let bob: Resident

eachTestFollowed(async (one) => {
  followed = one
  const { town } = followed
  alice = await town.open(0)
  bob = await town.open(1)
  await town.fund(alice, 10_000)
})

const by = (principal: number) =>
  headOf({ signer: signers.operator, principal, actor: 100_000 + principal, id: followed.town.id() })

async function pay(fen: number): Promise<void> {
  const { town } = followed
  const seq = await town.pay(0, [town.payment(alice, bob, fen, fen)])
  await town.until('the payment has arrived', () => town.quiet({ 0: seq }))
}

test('a payment is written with the version of the rules that it was judged by', async () => {
  const { town, sql } = followed
  const rule = { action: riskActions.refuse, paymentsMax: 1, factor: 1, fen: 0, ageMs: 0, effectiveMs: 0 }
  await pay(1)
  await town.command(0, 'riskPolicyPut', { ...by(9), ...rule, kind: riskKinds.payerFrequency, window: 2 })
  await pay(2)
  await pay(3)
  await followed.project()
  await followed.caughtUp()
  const rows = await sql`select amount_fen, code, rule_version from payments order by amount_fen`
  expect(rows.map(({ code, rule_version }) => [code, rule_version])).toEqual([
    [0, 0],
    [0, 1],
    [codeOf['risk-frequency'], 1],
  ])
})

test('a proposal is written with its text, who decided, and how the payee that it is about stands', async () => {
  const { town, sql } = followed
  const edge = { kind: 'edge', id: '1' } as const
  const text = new TextEncoder().encode('{"reason":"sells\tnothing"}')
  const own = { wallet: bob.number, standing: standings.blacklisted, reason: 1 }
  const command = encodeCommand('standingPut', { ...headOf(), ...own })
  const change = command.slice(commandHeadRecord.size, commandRecords.standingPut.size)
  const fields = { changeOp: commandOps.standingPut, change, expiresMs: town.timers.nowMs + 60_000 }
  const proposal = by(9)
  const decision = by(8)
  for (const shard of [0, 1]) await town.command(shard, 'proposalOpen', { ...proposal, ...fields }, edge, text)
  for (const shard of [0, 1]) {
    await town.command(shard, 'proposalDecide', { ...decision, proposal: proposal.id, agreed: 1 }, edge)
  }
  await town.command(1, 'standingPut', { ...by(9), ...own, standing: standings.good, reason: 5 }, edge)
  await followed.project()
  await followed.caughtUp()
  const [opened] = await sql`select id, proposer, op, content from proposals`
  expect(opened).toMatchObject({ proposer: 9, op: commandOps.standingPut, content: '{"reason":"sells\tnothing"}' })
  expect(Buffer.from(opened!.id)).toEqual(Buffer.from(proposal.id))
  expect([...(await sql`select agreed, decider from proposal_decisions`)]).toEqual([{ agreed: 1, decider: 8 }])
  const rows = await sql`select wallet, standing, reason, principal from standings order by seq`
  expect([...rows]).toEqual([
    { wallet: BigInt(bob.number), standing: 2, reason: 1, principal: 8 },
    { wallet: BigInt(bob.number), standing: 0, reason: 5, principal: 9 },
  ])
})
