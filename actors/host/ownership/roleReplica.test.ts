import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeCommand } from '../../ledger/frameBuilder.ts'
import { headOf } from '../../ledger/paper.fixture.ts'
import { frameKinds, signers } from '../../ledger/records.ts'
import { encodeJson } from '../../log/jsonBytes.ts'
import { MemoryLog } from '../../log/memoryLog.ts'
import { firstOwnerRecord, type OwnerRecord } from '../../log/ownerRecord.ts'
import { Replica } from '../../log/replica.ts'
import { createOpener, createSealer, type OpenedFrame, type Opener } from '../../log/sealing.ts'
import { SegmentedLog } from '../../log/segmentedLog.ts'
import type { LogEntry, ShardLog } from '../../log/shardLog.ts'
import { commandSubject } from '../../log/subjects.ts'
import { HostTown } from '../hostTown.fixture.ts'
import { RoleReplica } from './roleReplica.ts'

/** Opens as Deno opens large frames: in turns of its own, which take as long as the test says. */
class SlowOpener implements Opener {
  readonly #opener: Opener
  #gate: Promise<void> = Promise.resolve()
  opening = 0

  constructor(opener: Opener) {
    this.#opener = opener
  }

  /** From now on nothing is open before this was called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    return resolve
  }

  open(frame: Uint8Array): OpenedFrame {
    return this.#opener.open(frame)
  }

  async openMaybe(frame: Uint8Array): Promise<OpenedFrame> {
    this.opening++
    await this.#gate
    return this.#opener.open(frame)
  }
}

let folder: string
let town: HostTown
let replica: RoleReplica
let opener: SlowOpener
/** Positions as they were applied. */
let applied: number[]
let logs: Record<string, ShardLog>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-role-'))
  town = new HostTown({ folder })
  await town.begin()
  logs = { a: town.logs[0]!, b: new MemoryLog({ name: 'shard 0 in b', nowMs: () => town.timers.nowMs }) }
  opener = new SlowOpener(createOpener(town.ring, { shard: 0 }))
  applied = []
  replica = new RoleReplica({
    ...town.runnerOptions(0, 'standby'),
    region: 'b',
    opener,
    logOf: (region) => logs[region]!,
    onApplied: (position) => applied.push(position),
  })
  replica.follow(owned)
  await town.until('it has read the log', () => replica.applied === town.observers[0]!.seq)
})
afterEach(async () => {
  await replica.stop()
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

const owned = firstOwnerRecord('a', 'sync')

/** Region b goes on behind a cut. */
const takenOver = (cut: number): OwnerRecord => ({
  epoch: 1,
  owner: 'b',
  mode: 'solo',
  soloBeat: 1,
  segments: [
    { epoch: 0, region: 'a', first: 1, last: cut },
    { epoch: 1, region: 'b', first: 1 },
  ],
})

/** A frame that opens a user, in the log of a region. */
async function openUser(region: 'a' | 'b', epoch: number): Promise<void> {
  const head = headOf({ signer: signers.institution, principal: 1, actor: 1, id: town.id() })
  const body = encodeCommand('userOpen', { ...head, bucket: 2 * Number(region === 'b') + 100, kyc: 1 })
  const clockMs = town.timers.nowMs
  const fields = { kind: frameKinds.commands, epoch, count: 1, incarnation: 9, counter: 1, clockMs }
  const frame = createSealer(town.ring, 0).seal(fields, body)
  const outcome = await logs[region]!.append(commandSubject(region, 0, { kind: 'op' }), frame, { timeoutMs: 1_000 })
  expect(outcome.kind).toBe('appended')
}

/** What the log says from its beginning on, read by somebody who was not there. */
async function readAnew({ segments }: OwnerRecord, end: number): Promise<string> {
  const anew = new Replica(0, createOpener(town.ring, { shard: 0 }))
  const follower = new SegmentedLog({ region: 'b', logOf: (of) => logs[of]!, segments }).follow(1, (entry) => {
    void anew.apply(entry)
  })
  await town.until('it is read', () => anew.seq === end)
  await follower.stop()
  return `${anew.seq} ${anew.ledger.state.digestText()} ${Buffer.from(anew.chain).toString('hex')}`
}

const stateOf = ({ seq, ledger, chain }: Replica): string =>
  `${seq} ${ledger.state.digestText()} ${Buffer.from(chain).toString('hex')}`

test('an entry that was being opened when its log was cut before it is not applied', async () => {
  const cut = replica.applied
  const open = opener.hold()
  const before = opener.opening
  await openUser('a', 0)
  await town.until('it is being opened', () => opener.opening > before)
  await openUser('b', 1)
  const record = takenOver(cut)
  replica.follow(record)
  open()
  await town.until('it has gone on', () => applied.includes(cut + 1))
  expect(stateOf(replica.leader!.replica)).toBe(await readAnew(record, cut + 1))
})

test('an entry that was being opened when its log was cut behind it is applied once', async () => {
  const cut = replica.applied + 1
  const open = opener.hold()
  const before = opener.opening
  await openUser('a', 0)
  await town.until('it is being opened', () => opener.opening > before)
  const record = takenOver(cut)
  replica.follow(record)
  open()
  await town.until('it has gone on', () => applied.includes(cut))
  expect(stateOf(replica.leader!.replica)).toBe(await readAnew(record, cut))
})

test('an entry that was being opened when the replica was told to stand still waits', async () => {
  const at = replica.applied
  const open = opener.hold()
  const before = opener.opening
  await openUser('a', 0)
  await town.until('it is being opened', () => opener.opening > before)
  replica.holdAt(at)
  open()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(replica.applied).toBe(at)
  replica.holdAt(undefined)
  await town.until('it goes on', () => replica.applied === at + 1)
})

test('a replica of a log that has not come yet waits for it, and answers that it knows nothing', async () => {
  const empty = new MemoryLog({ name: 'shard 0 in a, not copied yet' })
  const begun = new RoleReplica({
    ...town.runnerOptions(0, 'new'),
    region: 'b',
    logOf: () => empty,
    onApplied: () => undefined,
  })
  begun.follow(owned)
  await town.until('it is loaded', () => begun.leader !== undefined)
  const leader = begun.leader!
  leader.heardOwner()
  // Time in which it looks whether a snapshot is due.
  town.timers.advance(5_000)
  expect(leader.onQuery(encodeJson({ type: 'principals' }))).toEqual({ ok: false, error: 'not-leading' })
  expect(leader.operatorKey(1)).toBeUndefined()
  await empty.append(commandSubject('a', 0, { kind: 'op' }), (await firstEntry()).data)
  await town.until('it has come', () => begun.applied === 1)
  await begun.stop()
})

/** What the log of the shard begins with. */
async function firstEntry(): Promise<LogEntry> {
  const { promise, resolve } = Promise.withResolvers<LogEntry>()
  const follower = logs.a!.follow(1, resolve)
  const entry = await promise
  await follower.stop()
  return entry
}
