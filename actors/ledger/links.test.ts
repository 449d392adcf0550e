import { describe, expect, test } from 'vitest'
import { dayMs } from './businessTime.ts'
import { linksEverPerWalletMax, linksPerWalletMax } from './links.ts'
import { linkTypes } from './records.ts'
import type { Answer } from './shard.fixture.ts'
import { Town } from './town.fixture.ts'

function town(): Town {
  const t = new Town({ shards: 1, walletsMax: 512 })
  t.open('alice', { yuan: '100.00' })
  t.open('bob')
  return t
}

function open(t: Town, account: string, o: object = {}): Answer {
  const fields = {
    wallet: t.wallet('alice').number,
    limit: 10_000,
    fingerprint: new TextEncoder().encode(account.padStart(8, '.').slice(-8)),
    type: linkTypes.bank,
    masked: new TextEncoder().encode(`****${account.slice(-4)}`),
    maskedLength: 8,
    sealed: Uint8Array.of(7, 7),
    sealedLength: 2,
  }
  return t.command(0, 'linkOpen', { ...t.byWallet('alice'), ...fields, ...o })
}

const setActive = (t: Town, link: number, active: number, name = 'alice'): string =>
  t.command(0, 'linkStatus', { ...t.byWallet(name), wallet: t.wallet(name).number, link, active }).refusal

describe('linked accounts', () => {
  test('a wallet shows its accounts masked, oldest first, and how much was drawn today', () => {
    const t = town()
    const link = open(t, '6222021234').value
    t.recharge('alice', '30.00', link)
    const shown = t.view('alice').links
    expect(shown.map(({ masked }) => masked)).toEqual(['account of alice', '****1234'])
    expect(shown[1]).toMatchObject({ link, active: true, limit: 10_000, drawnToday: 3_000 })
    expect(shown[1]!.sealed).toEqual(Uint8Array.of(7, 7))
  })

  test('one account is linked once to a wallet', () => {
    const t = town()
    open(t, 'X1')
    expect(open(t, 'X1').refusal).toBe('linked-account-duplicate')
    expect(open(t, 'X2').refusal).toBe('accepted')
  })

  test('a wallet has so many accounts at once, and so many ever', () => {
    const t = town()
    for (let n = 1; n < linksPerWalletMax; n++) expect(open(t, `A${n}`).refusal).toBe('accepted')
    expect(open(t, 'B').refusal).toBe('rule-invalid')
    const link = t.view('alice').links.at(-1)!.link
    expect(setActive(t, link, 0)).toBe('accepted')
    for (let n = linksPerWalletMax; n < linksEverPerWalletMax; n++) {
      const { refusal, value } = open(t, `B${n}`)
      expect([n, refusal, setActive(t, value, 0)]).toEqual([n, 'accepted', 'accepted'])
    }
    expect(open(t, 'C').refusal).toBe('rule-invalid')
    expect(setActive(t, link, 1)).toBe('accepted')
  })

  test('a closed account recharges nothing, a reopened one does', () => {
    const t = town()
    const link = open(t, 'X').value
    expect(setActive(t, link, 0)).toBe('accepted')
    expect(t.recharge('alice', '1.00', link).answer.refusal).toBe('linked-account-inactive')
    expect(t.redeem('alice', '1.00', link).answer.refusal).toBe('linked-account-inactive')
    expect(setActive(t, link, 1)).toBe('accepted')
    expect(t.recharge('alice', '1.00', link).answer.refusal).toBe('accepted')
  })

  test('what draws from an account in a day reaches its limit to the fen, and starts anew at midnight', () => {
    const t = town()
    const link = open(t, 'X').value
    expect(t.recharge('alice', '100.01', link).answer.refusal).toBe('linked-account-limit-exceeded')
    expect(t.recharge('alice', '100.00', link).answer.refusal).toBe('accepted')
    expect(t.recharge('alice', '0.01', link).answer.refusal).toBe('linked-account-limit-exceeded')
    t.wait(dayMs)
    expect(t.recharge('alice', '100.00', link).answer.refusal).toBe('accepted')
  })

  test('closing an account and linking it again makes no new limit', () => {
    const t = town()
    const first = open(t, 'X').value
    t.recharge('alice', '60.00', first)
    setActive(t, first, 0)
    const second = open(t, 'X').value
    expect(t.recharge('alice', '40.01', second).answer.refusal).toBe('linked-account-limit-exceeded')
    expect(t.recharge('alice', '40.00', second).answer.refusal).toBe('accepted')
    setActive(t, second, 0)
    expect(setActive(t, first, 1)).toBe('accepted')
    expect(t.recharge('alice', '0.01', first).answer.refusal).toBe('linked-account-limit-exceeded')
  })

  test('an account that is linked anew is not reopened beside itself', () => {
    const t = town()
    const first = open(t, 'X').value
    setActive(t, first, 0)
    open(t, 'X')
    expect(setActive(t, first, 1)).toBe('linked-account-duplicate')
  })

  test('nobody uses or closes the account of another', () => {
    const t = town()
    const link = open(t, 'X').value
    expect(t.recharge('bob', '1.00', link).answer.refusal).toBe('linked-account-unknown')
    expect(setActive(t, link, 0, 'bob')).toBe('linked-account-unknown')
    for (const none of [0, 999, 4_294_967_295]) expect(setActive(t, none, 0)).toBe('linked-account-unknown')
  })

  test.each([
    ['a limit of nothing', { limit: 0 }],
    ['a limit below zero', { limit: -5 }],
    ['a limit of half a fen', { limit: 0.5 }],
    ['a limit that is no number', { limit: Number.NaN }],
    ['a type of its own', { type: 3 }],
    ['more sealed bytes than there is place for', { sealedLength: 255 }],
    ['a masked number longer than its place', { maskedLength: 33 }],
  ])('%s is refused', (_, wrong) => {
    expect(open(town(), 'X', wrong).refusal).toBe('rule-invalid')
  })
})
