import { expect, test } from 'vitest'
import { frameKinds } from '../ledger/records.ts'
import { frameHeader } from './frame.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { Replica } from './replica.ts'
import { createOpener, createSealer } from './sealing.ts'

const ring = memoryKeyRing(['shard/0', 'evidence/1'])
const fields = { kind: frameKinds.commands, epoch: 0, count: 1, incarnation: 1, counter: 1, clockMs: 1_760_000_000_000 }

test('a log that another version of the program began is refused by name, and not read as an empty one', () => {
  const data = createSealer(ring, 0).seal(fields, new Uint8Array(64))
  data[frameHeader.at.version] = 1
  const entry = { seq: 1, stampMs: 1_760_000_000_000, subject: 'cmd.a.0.op', data }
  expect(() => new Replica(0, createOpener(ring)).apply(entry)).toThrow(/frame version 1, this program reads \d/)
})
