import { beforeEach, describe, expect, test } from 'vitest'
import { ManualTimers } from '../manualTimers.fixture.ts'
import { MoveAgreement } from './moveAgreement.ts'
import { ownershipIn } from './ownershipIn.fixture.ts'
import type { ShardOwnership } from './shardOwnership.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a standby whose owner wants to move', () => {
  let timers: ManualTimers
  let ends: () => Promise<{ own: number; mirror: number }>
  let heldAt: number | undefined
  let said: number
  let ownership: ShardOwnership
  let agreement: MoveAgreement

  beforeEach(async () => {
    timers = new ManualTimers()
    ends = async () => ({ own: 7, mirror: 0 })
    said = 0
    const monotonicMs = (): number => timers.nowMs
    ownership = ownershipIn('b', timers, {
      ends: () => ends(),
      holdAt: (position) => {
        heldAt = position
      },
    })
    agreement = new MoveAgreement({ ownership, monotonicMs, say: () => said++ })
    await ownership.read()
    await turn()
    ownership.tell({ kind: 'applied', position: 10 })
  })

  const beat = async (moveAt?: number): Promise<void> => {
    const told = { shard: 0, epoch: 0, applied: 12, committed: 10 }
    agreement.onBeat(moveAt === undefined ? told : { ...told, moveAt })
    await turn()
  }
  const pass = async (ms: number): Promise<void> => {
    timers.advance(ms)
    agreement.round()
    await turn()
  }

  test('stands still where the owner does, and says so, until the owner goes on', async () => {
    await beat(12)
    expect([heldAt, agreement.held, said]).toEqual([12, { position: 12, ownLast: 7 }, 1])
    await beat()
    expect([heldAt, agreement.held]).toEqual([undefined, undefined])
  })

  test('goes on when its own log does not say where it ends, and stands still at the next word of the move', async () => {
    ends = () => Promise.reject(new Error('no answer'))
    await beat(12)
    expect([heldAt, agreement.held]).toEqual([undefined, undefined])
    ends = async () => ({ own: 7, mirror: 0 })
    await beat(12)
    expect([heldAt, agreement.held]).toEqual([12, { position: 12, ownLast: 7 }])
  })

  test('goes on when its own log does not say so in time', async () => {
    ends = () => new Promise(() => undefined)
    await beat(12)
    expect(heldAt).toBe(12)
    await pass(1_000)
    expect([heldAt, agreement.held, said]).toEqual([undefined, undefined, 0])
  })

  test('goes on with the owner before its own log has said so, and does not stand still for what is over', async () => {
    const answer = Promise.withResolvers<{ own: number; mirror: number }>()
    ends = () => answer.promise
    await beat(12)
    await beat()
    expect(heldAt).toBeUndefined()
    answer.resolve({ own: 7, mirror: 0 })
    await turn()
    expect([heldAt, agreement.held, said]).toEqual([undefined, undefined, 0])
  })

  test('stands still no longer than the owner speaks of the move', async () => {
    await beat(12)
    await pass(1_400)
    expect(heldAt).toBe(12)
    await pass(200)
    expect([heldAt, agreement.held]).toEqual([undefined, undefined])
  })
})
