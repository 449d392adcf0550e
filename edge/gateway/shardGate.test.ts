import { expect, test } from 'vitest'
import { frameBytesMax } from '../../actors/log/frame.ts'
import { memoryKeyRing } from '../../actors/log/memoryKeyRing.ts'
import { OwnerTable } from '../../actors/log/ownerDirectory.ts'
import { firstOwnerRecord } from '../../actors/log/ownerRecord.ts'
import { createSealer } from '../../actors/log/sealing.ts'
import { authenticatorBytesMax, clientBytesMax } from '../auth/assertion.ts'
import { Departures } from './departures.ts'
import { ShardGate } from './shardGate.ts'
import { testEvidence, testId } from './testShard.ts'

/** Sends payments of which every `nth` was signed by a passkey. @returns lengths of the frames, in bytes */
async function frameLengths(count: number, nth: number): Promise<number[]> {
  const lengths: number[] = []
  const owners = new OwnerTable()
  owners.take(0, firstOwnerRecord('a', 'alone'), 1)
  const gate = new ShardGate({
    owners,
    edgeId: '1',
    shard: 0,
    incarnation: 1,
    sealer: createSealer(memoryKeyRing(['shard/0', 'evidence/1']), 0),
    waitingMax: 100_000,
    framesInFlightMax: 16,
    departures: new Departures(() => undefined),
    ports: {
      nowMs: () => 1_000_000,
      monotonicMs: () => 0,
      random: () => 0.5,
      after: () => () => undefined,
      append: async (_shard, _subject, frame) => {
        lengths.push(frame.length)
        return { kind: 'appended', seq: lengths.length } as never
      },
      request: () => Promise.reject(new Error('nothing is asked here')),
      connected: () => true,
      onFault: (what, error) => expect.unreachable(`${what}: ${String(error)}`),
    },
  })
  const longest = {
    authenticatorData: new Uint8Array(authenticatorBytesMax),
    clientDataJson: new Uint8Array(clientBytesMax),
  }
  const plain = { payer: 1, payee: 2, amountFen: 1, requestedMs: 1, keyVersion: 1 }
  for (let n = 0; n < count; n++) {
    const evidence = { ...testEvidence(n), ...(n % nth === 0 ? { assertion: longest } : {}) }
    void gate.submitPayment(n, { ...plain, id: testId(n), evidence }, 1_000)
  }
  await expect.poll(() => lengths.length > 0 && gate.framesSent === lengths.length).toBe(true)
  return lengths
}

test('a frame full of payments that passkeys have signed is one that the log takes', async () => {
  const lengths = await frameLengths(8_000, 1)
  expect(lengths.length).toBeGreaterThan(1)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(frameBytesMax)
})

test('so is one with a few of them, and plain payments fill it as before', async () => {
  expect(Math.max(...(await frameLengths(8_000, 60)))).toBeLessThanOrEqual(frameBytesMax)
  const [first] = await frameLengths(8_000, 9_000)
  expect(first).toBeGreaterThan(8_000 * 232)
})
