import { describe, expect, test } from 'vitest'
import { firstOwnerRecord, type OwnerRecord } from '../../log/ownerRecord.ts'
import { commitLimit, isHeld, mayAct, mayVouch, safePosition } from './judgements.ts'
import { type Ownership, type OwnershipAction, type OwnershipEvent, unknownOwnership } from './ownership.ts'
import { confirmed, react } from './react.ts'

const everything = { region: true, solo: true }

/** One replica that does at once what it decides, as far as its clocks let it. */
class Replica {
  state: Ownership
  leases = everything

  constructor(region: string) {
    this.state = unknownOwnership(region, region === 'a' ? 'b' : 'a')
  }

  hear(event: OwnershipEvent): OwnershipAction[] {
    const { state, actions } = react(this.state, event)
    const done = actions.filter((action) => mayAct(action, this.leases))
    this.state = done.reduce(confirmed, state)
    return done
  }

  /** What the witness is asked for last. */
  get asked(): OwnerRecord | undefined {
    return this.state.asked?.record
  }

  granted(revision: number): OwnershipAction[] {
    return this.hear({ kind: 'answered', asked: this.state.asked!.revision, outcome: { kind: 'done', revision } })
  }

  /** Reads the record, makes its revision its own, and has applied so much. */
  begin(record: OwnerRecord, applied: number): this {
    this.hear({ kind: 'record', record, revision: 7 })
    if (record.owner === this.state.region) this.hear({ kind: 'own-end', position: applied })
    for (let position = 1; position <= applied; position++) this.hear({ kind: 'applied', position })
    this.granted(8)
    return this
  }
}

const sync = firstOwnerRecord('a', 'sync')
const mark = (seq: number, epoch = 0): OwnershipEvent => ({ kind: 'mark', epoch, seq })

describe('an owner in sync', () => {
  test('commits nothing before it has made the revision of the record its own', () => {
    const owner = new Replica('a')
    owner.hear({ kind: 'record', record: sync, revision: 7 })
    owner.hear({ kind: 'applied', position: 1 })
    owner.hear(mark(1))
    expect(commitLimit(owner.state).position).toBe(0)
    expect(owner.granted(8)).toContainEqual({ kind: 'commit', position: 1, alone: false })
  })

  test('commits what the peer vouches for in its epoch, and no more than it has applied', () => {
    const owner = new Replica('a').begin(sync, 2)
    expect(owner.hear(mark(1))).toEqual([{ kind: 'commit', position: 1, alone: false }])
    expect(owner.hear(mark(3, 4))).toEqual([])
    expect(owner.hear(mark(9))).toEqual([{ kind: 'commit', position: 2, alone: false }])
    expect(safePosition(owner.state)).toBe(2)
  })

  test('goes alone only once it knows that it may, and comes back once the peer has all of that', () => {
    const owner = new Replica('a').begin(sync, 2)
    owner.hear({ kind: 'silent' })
    expect(owner.asked?.mode).toBe('solo')
    expect(commitLimit(owner.state).position).toBe(0)
    expect(owner.granted(9)).toContainEqual({ kind: 'commit', position: 2, alone: true })
    expect(owner.hear({ kind: 'want-sync' })).toEqual([])
    owner.hear({ kind: 'applied', position: 3 })
    expect(commitLimit(owner.state).position).toBe(0)
    owner.hear(mark(1))
    expect(owner.asked).toBeUndefined()
    owner.hear(mark(2))
    expect(owner.asked).toEqual({ ...sync, mode: 'sync' })
  })

  test('gives solo back at once when it has committed nothing alone: its own log may be dead', () => {
    const owner = new Replica('a').begin(sync, 2)
    owner.leases = { region: true, solo: false }
    owner.hear({ kind: 'silent' })
    owner.granted(9)
    owner.hear({ kind: 'want-sync' })
    expect(owner.asked?.mode).toBe('sync')
  })

  test('moves to its peer where both stand, and nothing is applied meanwhile', () => {
    const owner = new Replica('a').begin(sync, 3)
    owner.hear(mark(2))
    owner.hear({ kind: 'move', position: 4, first: 6 })
    expect(isHeld(owner.state)).toBe(false)
    owner.hear({ kind: 'applied', position: 4 })
    expect(isHeld(owner.state)).toBe(true)
    expect(owner.asked).toBeUndefined()
    owner.hear(mark(4))
    const closed = { epoch: 0, region: 'a', first: 1, last: 4 }
    const record = { epoch: 1, owner: 'b', mode: 'sync', segments: [closed, { epoch: 1, region: 'b', first: 6 }] }
    expect(owner.asked).toEqual(record)
    expect(owner.granted(9)).toEqual([
      { kind: 'follow', record },
      { kind: 'mark', epoch: 1, seq: 5, position: 4 },
    ])
  })

  test('rolls back when it has applied what lies behind the cut of another', () => {
    const owner = new Replica('a').begin(sync, 3)
    const closed = { epoch: 0, region: 'a', first: 1, last: 2 }
    const segments = [closed, { epoch: 1, region: 'b', first: 1 }]
    const record: OwnerRecord = { epoch: 1, owner: 'b', mode: 'solo', segments }
    expect(owner.hear({ kind: 'record', record, revision: 9 })).toEqual([{ kind: 'roll-back', record }])
    expect(owner.hear({ kind: 'applied', position: 2 })).toEqual([{ kind: 'mark', epoch: 1, seq: 0, position: 2 }])
  })
})

describe('an owner that starts anew while its record is solo', () => {
  const solo: OwnerRecord = { ...sync, mode: 'solo', soloBeat: 3 }

  test('goes back to sync only once the peer has its whole log', () => {
    const owner = new Replica('a')
    owner.hear({ kind: 'record', record: solo, revision: 7 })
    expect(owner.asked).toEqual({ ...solo, soloBeat: 4 })
    owner.granted(8)
    owner.hear({ kind: 'want-sync' })
    expect(owner.state.intent).toBe('none')
    owner.hear({ kind: 'own-end', position: 2 })
    owner.hear({ kind: 'want-sync' })
    owner.hear(mark(1))
    expect(owner.asked).toBeUndefined()
    owner.hear(mark(2))
    expect(owner.asked?.mode).toBe('sync')
  })
})

describe('a standby', () => {
  test('that decides to take over vouches no more, drains its mirror and goes on behind it', () => {
    const standby = new Replica('b').begin(sync, 2)
    expect(mayVouch(standby.state)).toBe(true)
    expect(standby.hear({ kind: 'takeover' })).toEqual([{ kind: 'drain' }])
    standby.hear({ kind: 'drained', position: 3, ownLast: 5 })
    expect(standby.hear({ kind: 'applied', position: 3 }).map(({ kind }) => kind)).toEqual(['compare-and-set'])
    expect(isHeld(standby.state)).toBe(true)
    expect(standby.asked?.segments).toEqual([
      { epoch: 0, region: 'a', first: 1, last: 3 },
      { epoch: 1, region: 'b', first: 6 },
    ])
    expect(standby.granted(9)).toContainEqual({ kind: 'commit', position: 3, alone: false })
  })

  test('takes nothing from an owner in solo', () => {
    const standby = new Replica('b').begin({ ...sync, mode: 'solo' }, 2)
    expect(standby.hear({ kind: 'takeover' })).toEqual([])
    expect(mayVouch(standby.state)).toBe(true)
  })

  test('whose answer is lost waits until the revision has moved, and asks for the same meanwhile', () => {
    const standby = new Replica('b').begin(sync, 1)
    standby.hear({ kind: 'takeover' })
    standby.hear({ kind: 'drained', position: 1, ownLast: 0 })
    const asked = { kind: 'compare-and-set', record: standby.asked, revision: 8 }
    expect(standby.hear({ kind: 'answered', asked: 8, outcome: { kind: 'unknown' } })).toEqual([
      { kind: 'read-record' },
    ])
    expect(standby.hear({ kind: 'record', record: sync, revision: 8 })).toEqual([asked])
    expect(mayVouch(standby.state)).toBe(false)
    standby.hear({ kind: 'record', record: { ...sync, mode: 'solo' }, revision: 9 })
    expect(mayVouch(standby.state)).toBe(true)
    expect(standby.hear({ kind: 'tick' })).toEqual([{ kind: 'mark', epoch: 0, seq: 1, position: 1 }])
  })

  test('accepts a loss only of the very record whose lease was waited out', () => {
    const standby = new Replica('b').begin({ ...sync, mode: 'solo' }, 1)
    expect(standby.hear({ kind: 'accept-loss', revision: 7 })).toEqual([])
    standby.hear({ kind: 'accept-loss', revision: 8 })
    standby.hear({ kind: 'record', record: { ...sync, mode: 'solo' }, revision: 9 })
    expect(standby.state.intent).toBe('none')
  })

  test('knows that what its owner committed is safe, and only as far as it has applied it', () => {
    const standby = new Replica('b').begin(sync, 2)
    expect(safePosition(standby.state)).toBe(0)
    standby.hear({ kind: 'owner-committed', epoch: 0, position: 5 })
    expect(safePosition(standby.state)).toBe(2)
  })
})

describe('clocks are asked last', () => {
  const commit: OwnershipAction = { kind: 'commit', position: 1, alone: false }

  test('a process whose lease may have run out neither marks nor commits nor asks for anything', () => {
    const asleep = { region: false, solo: true }
    expect(mayAct(commit, asleep)).toBe(false)
    expect(mayAct({ kind: 'mark', epoch: 0, seq: 1, position: 1 }, asleep)).toBe(false)
    expect(mayAct({ kind: 'compare-and-set', record: sync, revision: 1 }, asleep)).toBe(false)
  })

  test('an owner whose solo may have run out commits only what was vouched for', () => {
    expect(mayAct({ ...commit, alone: true }, everything)).toBe(true)
    expect(mayAct({ ...commit, alone: true }, { region: true, solo: false })).toBe(false)
    expect(mayAct(commit, { region: true, solo: false })).toBe(true)
  })
})
