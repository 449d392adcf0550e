import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'
import { Digest } from './digest.ts'
import { duePerFrameMax } from './dueDeadlines.ts'
import { Market } from './market.fixture.ts'
import { keyAlgorithms, keyCauses, walletActions } from './records.ts'
import { recoveryMemoryMs } from './recoveries.ts'
import { recoveryName } from './recoveryTable.ts'
import { expectSound } from './replica.fixture.ts'
import type { Answer } from './shard.fixture.ts'

const dayMs = 86_400_000
const newKey = Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 3 : 40 + i))
const otherKey = Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 2 : 90 + i))

class Bank extends Market {
  constructor() {
    super({ shards: 2, idsMax: 512 })
    this.open('ann', { shard: 0, yuan: '100.00' })
    this.open('bo', { shard: 0 })
  }

  recover(name: string, head = this.byInstitution(), key = newKey): Answer {
    const { number, shard } = this.wallet(name)
    return this.command(shard, 'recoveryStart', { ...head, wallet: number, algorithm: keyAlgorithms.ecdsaP256, key })
  }

  stop(name: string, head = this.byWallet(name)): Answer {
    const { number, shard } = this.wallet(name)
    return this.command(shard, 'recoveryStop', { ...head, wallet: number })
  }

  setKey(name: string, cause: number, head = this.byWallet(name)): Answer {
    const { number, shard } = this.wallet(name)
    const algorithm = keyAlgorithms.ecdsaP256
    return this.command(shard, 'walletKey', { ...head, wallet: number, cause, algorithm, key: otherKey })
  }

  rule(minutes: number, effectiveMs = 0): Answer {
    return this.command(0, 'recoveryRulePut', { ...this.byOperator(), minutes, effectiveMs })
  }
}

describe('a lost phone', () => {
  test('the new key signs once the waiting time is over, to the millisecond, and the old one is dead then', () => {
    const t = new Bank()
    const started = t.recover('ann')
    expect(started).toMatchObject({ refusal: 'accepted', value: t.nowMs + dayMs })
    expect(t.view('ann')).toMatchObject({ keyVersion: 1, recovery: { effectiveMs: t.nowMs + dayMs } })
    t.wait(dayMs - 1)
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('accepted')
    t.wait(1)
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('key-not-current')
    expect(t.view('ann')).toMatchObject({ keyVersion: 2, key: newKey })
    expect(t.view('ann').recovery).toBeUndefined()
    t.wallet('ann').keyVersion = 2
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('accepted')
    expectSound(t)
  })

  test('happens by itself when nobody asks for anything', () => {
    const t = new Bank()
    t.recover('ann')
    expect(t.shards[0]!.ledger.state.deadlines.nextMs).toBe(t.nowMs + dayMs)
    t.wait(dayMs)
    t.tick(0)
    expect(t.view('ann').keyVersion).toBe(2)
  })

  test('who still has the old key objects, and keeps it', () => {
    const t = new Bank()
    t.recover('ann')
    t.wait(dayMs - 1)
    expect(t.stop('ann').refusal).toBe('accepted')
    t.wait(dayMs)
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('accepted')
    expect(t.stop('ann').refusal).toBe('recovery-unknown')
    expectSound(t)
  })

  test('after the waiting time nobody objects any more', () => {
    const t = new Bank()
    t.recover('ann')
    t.wait(dayMs)
    expect(t.stop('ann').refusal).toBe('key-not-current')
    expect(t.stop('ann', t.byInstitution()).refusal).toBe('recovery-unknown')
  })

  test('who changes the key meanwhile has not lost it', () => {
    const t = new Bank()
    t.recover('ann')
    expect(t.setKey('ann', keyCauses.rotate).value).toBe(2)
    t.wait(dayMs)
    t.tick(0)
    expect(t.view('ann')).toMatchObject({ keyVersion: 2, key: otherKey })
  })

  test('a stolen phone is put out at once: it neither pays nor objects, and the recovery goes on', () => {
    const t = new Bank()
    expect(t.setKey('ann', keyCauses.revoke, t.byInstitution())).toMatchObject({ refusal: 'accepted', value: 2 })
    expect(t.view('ann').key).toEqual(new Uint8Array(33))
    expect(t.recover('ann').refusal).toBe('accepted')
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('key-not-current')
    expect(t.stop('ann').refusal).toBe('key-not-current')
    expect(t.pay('bo', 'ann', '0.00', { fen: 1 }).refusal).toBe('funds-insufficient')
    t.wait(dayMs)
    t.tick(0)
    expect(t.view('ann')).toMatchObject({ keyVersion: 3, key: newKey })
    expectSound(t)
  })

  test('only the own institution begins one, and one at a time', () => {
    const t = new Bank()
    for (const head of [t.byWallet('ann'), t.byOperator(), t.byInstitution(2)]) {
      expect(t.recover('ann', head).refusal).toBe('signer-not-allowed')
    }
    expect(t.recover('ann', t.byInstitution(), new Uint8Array(33)).refusal).toBe('key-invalid')
    t.recover('ann')
    expect(t.recover('ann').refusal).toBe('recovery-open')
    expect(t.stop('ann', t.byInstitution(2)).refusal).toBe('signer-not-allowed')
    expect(t.stop('ann', t.byOperator()).refusal).toBe('accepted')
    expect(t.recover('ann').refusal).toBe('accepted')
    expect(t.setKey('ann', 2, t.byInstitution()).refusal).toBe('status-not-allowed')
  })

  test('a wallet that was closed meanwhile gets no key', () => {
    const t = new Bank()
    const { number, shard } = t.wallet('bo')
    t.recover('bo')
    t.command(shard, 'walletStatus', { ...t.byInstitution(), wallet: number, action: walletActions.close })
    t.wait(dayMs)
    t.tick(0)
    expect(t.view('bo')).toMatchObject({ keyVersion: 1, state: 'closed' })
    expect(t.recover('bo').refusal).toBe('wallet-closed')
  })

  test('the waiting time is a rule with a date, and what began before it waits as it was told', () => {
    const t = new Bank()
    t.recover('ann')
    expect(t.rule(0).refusal).toBe('accepted')
    expect(t.rule(30 * 1_440 + 1).refusal).toBe('rule-invalid')
    expect(t.recover('bo')).toMatchObject({ refusal: 'accepted', value: t.nowMs })
    expect(t.view('bo').keyVersion).toBe(2)
    expect(t.view('ann').keyVersion).toBe(1)
    expectSound(t)
  })

  test('is forgotten after its memory, and its row is free for another', () => {
    const t = new Bank()
    t.recover('ann')
    t.stop('ann')
    t.wait(recoveryMemoryMs)
    t.tick(0)
    expect(t.shards[0]!.ledger.state.deadlines.count).toBe(0)
    t.recover('bo')
    expect(t.shards[0]!.ledger.state.recoveries.columns.count).toBe(1)
    expectSound(t)
  })
})

describe('while more is due than a frame carries out', () => {
  /** The waiting time for Ann's and for the shop's new key is over, behind orders that expired just before. */
  function crowded(): Bank {
    const t = new Bank()
    t.shop('shop')
    for (const name of ['ann', 'shop']) expect(t.recover(name).refusal).toBe('accepted')
    t.wait(dayMs - 1_000)
    for (let n = 0; n <= duePerFrameMax; n++) t.order('shop', `A${n}`, '1.00', { expiresMs: t.nowMs + 500 })
    t.wait(1_000)
    return t
  }

  test('the old key signs nothing that comes after the waiting time', () => {
    const paid = crowded()
    expect(paid.pay('ann', 'bo', '1.00').refusal).toBe('key-not-current')
    expectSound(paid)
    const stopped = crowded()
    expect(stopped.stop('ann').refusal).toBe('key-not-current')
    expect(stopped.view('ann').keyVersion).toBe(2)
    const ordered = crowded()
    expect(ordered.order('shop', 'B1', '1.00').refusal).toBe('key-not-current')
    expectSound(ordered)
  })

  test('the new key signs at once, and is answered for as long as any other', () => {
    const t = crowded()
    t.wallet('ann').keyVersion = 2
    expect(t.pay('ann', 'bo', '1.00').refusal).toBe('accepted')
    const { recoveries, walletRows } = t.shards[0]!.ledger.state
    const known = (): boolean => recoveries.find(walletRows.row(t.wallet('ann').number), recoveryName) >= 0
    t.wait(recoveryMemoryMs - 1)
    for (let n = 0; n < 4; n++) t.tick(0)
    expect(known()).toBe(true)
    t.wait(1)
    t.tick(0)
    expect(known()).toBe(false)
    expectSound(t)
  })

  test('who reads sees the new key, and no recovery that waits', () => {
    const t = crowded()
    t.tick(0)
    expect(t.shards[0]!.ledger.state.deadlines.nextMs).toBeLessThanOrEqual(t.nowMs)
    expect(t.view('ann')).toMatchObject({ keyVersion: 2, key: newKey })
    expect(t.view('ann').recovery).toBeUndefined()
  })
})

test('whatever is started, stopped, rotated and waited for, replicas agree and the heap holds one deadline a recovery', () => {
  const step = fc.tuple(
    fc.constantFrom('start', 'stop', 'rotate', 'revoke', 'wait', 'tick'),
    fc.constantFrom('ann', 'bo'),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const t = new Bank()
      for (const [what, name] of steps) {
        const before = t.view(name)
        t.wallet(name).keyVersion = before.keyVersion
        if (what === 'start') t.recover(name)
        else if (what === 'stop') t.stop(name, t.byInstitution())
        else if (what === 'rotate') t.setKey(name, keyCauses.rotate)
        else if (what === 'revoke') t.setKey(name, keyCauses.revoke, t.byInstitution())
        else if (what === 'wait') t.wait(dayMs / 2)
        else t.tick(0)
        const { state } = t.shards[0]!.ledger
        expect(state.deadlines.count).toBeLessThanOrEqual(2)
        expect(t.view(name).keyVersion - before.keyVersion).toBeLessThanOrEqual(2)
      }
      expectSound(t)
    }),
    { numRuns: 60 },
  )
})

test('a deadline that is taken out early leaves the others in their order, and nothing in the digest', () => {
  const deadline = fc.record({ timeMs: fc.nat(50), number: fc.nat(1_000_000) })
  fc.assert(
    fc.property(
      fc.uniqueArray(deadline, { selector: ({ number }) => number, minLength: 1, maxLength: 40 }),
      fc.nat(),
      (all, pick) => {
        const digest = new Digest(new Uint8Array(16))
        const heap = new Deadlines(64, digest)
        const empty = digest.text()
        for (const { timeMs, number } of all) heap.add(timeMs, 1, number)
        const gone = all[pick % all.length]!
        heap.cancel(1, gone.number)
        const left = all.filter((one) => one !== gone).sort((a, b) => a.timeMs - b.timeMs || a.number - b.number)
        expect(left.map(() => heap.take().number)).toEqual(left.map(({ number }) => number))
        expect(digest.text()).toBe(empty)
      },
    ),
  )
})
