import { expect, test } from 'vitest'
import { readRecord } from '../ledger/layout.ts'
import { commandRecords } from '../ledger/records.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { loneOwner, type OwnerDirectory, OwnerTable } from '../log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from '../log/ownerRecord.ts'
import { createOpener, createSealer } from '../log/sealing.ts'
import type { AppendOutcome } from '../log/shardLog.ts'
import { StepLane } from './stepLane.ts'

const ring = memoryKeyRing(['shard/0', 'evidence/1'])
const opener = createOpener(ring, { shard: 0 })

type Sent = { subject: string; epoch: number; counter: number; steps: number[]; bytes: Uint8Array }

function read(subject: string, frame: Uint8Array): Sent {
  const { header, body } = opener.open(frame)
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const { size } = commandRecords.rechargeStep
  const steps = Array.from(
    { length: header.count },
    (_, i) => readRecord(commandRecords.rechargeStep, view, i * size).actor,
  )
  return { subject, epoch: header.epoch, counter: header.counter, steps, bytes: frame }
}

/** A lane whose appends end as scripted, then well. */
function scriptedLane(script: AppendOutcome['kind'][], owners: OwnerDirectory = loneOwner('a')) {
  const sent: Sent[] = []
  const errors: unknown[] = []
  let counter = 0
  const lane = new StepLane({
    region: 'a',
    owners,
    connectorId: '1',
    shard: 0,
    incarnation: 9,
    nextCounter: () => ++counter,
    sealer: createSealer(ring, 0),
    ports: {
      nowMs: () => 1_800_000_000_000,
      random: () => 0.5,
      after: (_delayMs, work) => setImmediate(work),
      append: async (_shard, subject, frame) => {
        sent.push(read(subject, frame))
        const kind = script.shift() ?? 'appended'
        return kind === 'appended' ? { kind, seq: sent.length } : { kind }
      },
      onError: (error) => errors.push(error),
    },
  })
  return { lane, sent, errors }
}

const step = (walletNumber: number) =>
  ({ saga: 'recharge', shard: 0, walletNumber, id: new Uint8Array(16), step: 3, reason: 'accepted' }) as const

test('steps that come while a frame is on its way leave together in the next, in order', async () => {
  const { lane, sent } = scriptedLane([])
  for (let n = 1; n <= 5; n++) lane.add(step(n))
  await lane.flushed()
  expect(sent.map(({ steps }) => steps)).toEqual([[1], [2, 3, 4, 5]])
  expect(lane.backlog).toBe(0)
})

test('a frame that may or may not be in the log is sent again as it is, and nothing overtakes it', async () => {
  const { lane, sent } = scriptedLane(['unknown', 'not-sent', 'full'])
  lane.add(step(1))
  lane.add(step(2))
  await lane.flushed()
  expect(sent.map(({ counter, steps }) => [counter, ...steps])).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [2, 2],
  ])
  expect(sent[3]!.bytes).toEqual(sent[0]!.bytes)
})

test('a step that is reached again while the log takes nothing waits once', async () => {
  const { lane, sent } = scriptedLane(Array.from({ length: 100 }, () => 'full' as const))
  lane.add(step(1))
  while (sent.length < 50) {
    for (const n of [1, 2, 3]) lane.add(step(n))
    await new Promise((resolve) => setImmediate(resolve))
  }
  lane.add({ ...step(3), step: 4 })
  expect(lane.backlog).toBe(4)
  await lane.flushed()
  expect(sent.at(-1)!.steps).toEqual([2, 3, 3])
  expect(lane.backlog).toBe(0)
})

const moved: OwnerRecord = {
  epoch: 1,
  owner: 'b',
  mode: 'solo',
  segments: [
    { epoch: 0, region: 'a', first: 1, last: 9 },
    { epoch: 1, region: 'b', first: 1 },
  ],
}

test('a frame goes to the shard’s new owner, in its epoch and under its name, when the old one did not take it', async () => {
  const owners = new OwnerTable()
  owners.take(0, firstOwnerRecord('a', 'sync'), 1)
  const { lane, sent } = scriptedLane(['unknown', 'unknown'], owners)
  lane.add(step(1))
  while (sent.length < 1) await new Promise((resolve) => setImmediate(resolve))
  owners.take(0, moved, 2)
  await lane.flushed()
  expect(sent[0]).toMatchObject({ subject: 'cmd.a.0.connector.1', epoch: 0, counter: 1 })
  expect(sent.at(-1)).toMatchObject({ subject: 'cmd.b.0.connector.1', epoch: 1, counter: 1, steps: [1] })
})

test('nothing is sent while the owner is not known', async () => {
  const owners = new OwnerTable()
  const { lane, sent } = scriptedLane([], owners)
  lane.add(step(1))
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toEqual([])
  owners.take(0, moved, 1)
  await lane.flushed()
  expect(sent).toMatchObject([{ subject: 'cmd.b.0.connector.1', epoch: 1 }])
})

test('what the log refuses for good reaches a human', async () => {
  const { lane, errors } = scriptedLane([])
  lane.add({ ...step(1), id: new Uint8Array(17) })
  await lane.flushed()
  expect(errors).toHaveLength(1)
})
