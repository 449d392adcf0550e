import { expect, test } from 'vitest'
import { readRecord } from '../ledger/layout.ts'
import { commandRecords } from '../ledger/records.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { createOpener, createSealer } from '../log/sealing.ts'
import type { AppendOutcome } from '../log/shardLog.ts'
import { StepLane } from './stepLane.ts'

const ring = memoryKeyRing(['shard/0', 'evidence/1'])
const opener = createOpener(ring, { shard: 0 })

type Sent = { counter: number; steps: number[]; bytes: Uint8Array }

function read(frame: Uint8Array): Sent {
  const { header, body } = opener.open(frame)
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const { size } = commandRecords.rechargeStep
  const steps = Array.from(
    { length: header.count },
    (_, i) => readRecord(commandRecords.rechargeStep, view, i * size).actor,
  )
  return { counter: header.counter, steps, bytes: frame }
}

/** A lane whose appends end as scripted, then well. */
function scriptedLane(script: AppendOutcome['kind'][]): { lane: StepLane; sent: Sent[]; errors: unknown[] } {
  const sent: Sent[] = []
  const errors: unknown[] = []
  let counter = 0
  const lane = new StepLane({
    region: 'a',
    connectorId: '1',
    shard: 0,
    incarnation: 9,
    nextCounter: () => ++counter,
    sealer: createSealer(ring, 0),
    ports: {
      nowMs: () => 1_800_000_000_000,
      random: () => 0.5,
      after: (_delayMs, work) => setImmediate(work),
      append: async (_shard, _subject, frame) => {
        sent.push(read(frame))
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

test('what the log refuses for good reaches a human', async () => {
  const { lane, errors } = scriptedLane([])
  lane.add({ ...step(1), id: new Uint8Array(17) })
  await lane.flushed()
  expect(errors).toHaveLength(1)
})
