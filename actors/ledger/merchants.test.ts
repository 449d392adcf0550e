import { describe, expect, test } from 'vitest'
import { encodeCommand } from './frameBuilder.ts'
import { Market } from './market.fixture.ts'
import { merchantTextBytesMax } from './merchantRecords.ts'
import { type MerchantView, viewMerchant } from './merchantViews.ts'
import { frameKinds } from './records.ts'
import { expectSound } from './replica.fixture.ts'
import type { Answer } from './shard.fixture.ts'

function market(): Market {
  const m = new Market()
  m.shop('tea house', { shard: 0 })
  m.shop('noodle bar', { shard: 0 })
  m.open('ann', { shard: 0 })
  return m
}

function put(m: Market, shop: string, text = '{}', changes: object = {}): Answer {
  const { number, shard } = m.wallet(shop)
  const bytes = new TextEncoder().encode(text)
  const fields = { ...m.byWallet(shop), wallet: number, textLength: bytes.length, ...changes }
  return m.submit(shard, encodeCommand('merchantPut', fields, bytes), frameKinds.commands, 1).answers[0]!
}

function rotate(m: Market, shop: string, changes: object = {}): Answer {
  const { number, shard } = m.wallet(shop)
  return m.command(shard, 'webhookSecretRotate', { ...m.byWallet(shop), wallet: number, ...changes })
}

function view(m: Market, shop: string): MerchantView {
  const { number, shard } = m.wallet(shop)
  return viewMerchant(m.shards[shard]!.ledger.state, number)!
}

describe('what a merchant says of itself', () => {
  test('is counted, and found where the log has it; of one that said nothing there is nothing', () => {
    const m = market()
    expect(view(m, 'tea house')).toMatchObject({ profileVersion: 0, profileSeq: 0, changedMs: 0, secretGeneration: 1 })
    const first = put(m, 'tea house', '{"name_zh":"茶馆"}')
    expect(first).toMatchObject({ refusal: 'accepted', value: 1 })
    m.wait(1_000)
    const second = put(m, 'tea house', '{"name_zh":"新茶馆"}')
    expect(second).toMatchObject({ refusal: 'accepted', value: 2 })
    expect(view(m, 'tea house')).toMatchObject({ profileVersion: 2, profileSeq: second.seq, changedMs: m.nowMs })
    expect(view(m, 'noodle bar').profileVersion).toBe(0)
    expect(m.shards[0]!.ledger.state.merchants.columns.count).toBe(1)
    expectSound(m)
  })

  test('the same request again is the same profile', () => {
    const m = market()
    const id = m.id()
    expect(put(m, 'tea house', '{}', { id }).value).toBe(1)
    expect(put(m, 'tea house', '{}', { id })).toMatchObject({ refusal: 'accepted', value: 1, repeated: true })
    expect(put(m, 'tea house', '{}', { id, digestHigh: 9 }).refusal).toBe('id-reused')
    expect(view(m, 'tea house').profileVersion).toBe(1)
  })

  test('may be as long as it is allowed to be and no longer', () => {
    const m = market()
    expect(put(m, 'tea house', 'x'.repeat(merchantTextBytesMax)).refusal).toBe('accepted')
    expect(put(m, 'tea house', 'x'.repeat(merchantTextBytesMax + 1)).refusal).toBe('command-unknown')
  })

  test.each([
    ['of a wallet that is no merchant’s', 'ann', {}, 'merchant-required'],
    ['signed by an old key', 'tea house', { keyVersion: 9 }, 'key-not-current'],
    ['signed by an operator', 'tea house', { signer: 3, principal: 9 }, 'signer-not-allowed'],
  ] as const)('%s: refused', (_, shop, changes, refusal) => {
    const m = market()
    expect(put(m, shop, '{}', changes).refusal).toBe(refusal)
    expect(rotate(m, shop, changes).refusal).toBe(refusal)
    expectSound(m)
  })
})

test('a secret has generations, and the times of its last two rotations are kept', () => {
  const m = market()
  const firstMs = m.nowMs
  expect(rotate(m, 'tea house')).toMatchObject({ refusal: 'accepted', value: 2 })
  expect(view(m, 'tea house')).toMatchObject({ profileVersion: 0, rotatedMs: firstMs, earlierRotatedMs: 0 })
  m.wait(5_000)
  put(m, 'tea house')
  expect(rotate(m, 'tea house').value).toBe(3)
  expect(view(m, 'tea house')).toMatchObject({
    profileVersion: 1,
    secretGeneration: 3,
    rotatedMs: m.nowMs,
    earlierRotatedMs: firstMs,
  })
  expectSound(m)
})

test('who may ask that an event be told again: the merchant, its institution, an operator, nobody else', () => {
  const m = market()
  const { number } = m.wallet('tea house')
  const replayBy = (head: object) =>
    m.command(0, 'webhookReplay', { ...m.byWallet('tea house'), ...head, wallet: number, event: m.id() }).refusal
  expect(replayBy({})).toBe('accepted')
  expect(replayBy(m.byInstitution())).toBe('accepted')
  expect(replayBy(m.byOperator())).toBe('accepted')
  expect(replayBy(m.byInstitution(2))).toBe('signer-not-allowed')
  expect(replayBy({ keyVersion: 4 })).toBe('key-not-current')
})
