import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { createKeyRing, hasKeyRing, openKeyRing } from './fileKeyRing.ts'
import { isKeyPurpose, type KeyPurpose, KeyRingError, type KeyRingProblem } from './keyRing.ts'
import { createOpener, createSealer } from './sealing.ts'

let parent: string
let dir: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'jiaozi-keys-'))
  dir = join(parent, 'keys')
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const ringFile = () => join(dir, 'ring.json')
const modeOf = (file: string) => statSync(file).mode & 0o777

function problemOf(work: () => unknown): KeyRingProblem {
  try {
    work()
  } catch (error) {
    if (error instanceof KeyRingError) return error.problem
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Changes the ring's text as an accident would. */
function damage(change: (text: string) => string): void {
  writeFileSync(ringFile(), change(readFileSync(ringFile(), 'utf8')))
}

const fields = { kind: 1, epoch: 1, count: 0, incarnation: 1, counter: 1, clockMs: 1 }

describe('key ring', () => {
  test('a new ring has a first key for each purpose of the region, each with a number of its own', () => {
    const ring = createKeyRing(dir, { shardCount: 2 })
    const purposes: KeyPurpose[] = [
      'shard/0',
      'shard/1',
      'snapshot',
      'effect',
      'postgres/balance',
      'postgres/personal',
      'webhook',
      'evidence/1',
      'pay-link',
      'console',
    ]
    expect(ring.list().map(({ purpose, version, current }) => ({ purpose, version, current }))).toEqual(
      purposes.map((purpose) => ({ purpose, version: 1, current: true })),
    )
    expect(new Set(ring.list().map((key) => key.id)).size).toBe(purposes.length)
    expect(() => ring.current('shard/2')).toThrow('no key for "shard/2"')
  })

  test('folder, root key and ring can be read by their user only', () => {
    createKeyRing(dir, { shardCount: 1 })
    expect([modeOf(dir), modeOf(join(dir, 'root.key')), modeOf(ringFile())]).toEqual([0o700, 0o600, 0o600])
    expect(statSync(join(dir, 'root.key')).size).toBe(32)
  })

  test('what one process seals another opens', () => {
    const frame = createSealer(createKeyRing(dir, { shardCount: 1 }), 0).seal(fields, Uint8Array.of(1, 2))
    expect(createOpener(openKeyRing(dir)).open(frame).body).toEqual(Uint8Array.of(1, 2))
  })

  test('a ring is never made over another, and a root key never over another', () => {
    createKeyRing(dir, { shardCount: 1 })
    expect(hasKeyRing(dir)).toBe(true)
    expect(problemOf(() => createKeyRing(dir, { shardCount: 1 }))).toBe('exists')
    const root = readFileSync(join(dir, 'root.key'))
    rmSync(ringFile())
    createKeyRing(dir, { shardCount: 1 })
    expect(readFileSync(join(dir, 'root.key'))).toEqual(root)
  })

  test('after a rotation a process that is running seals with the new key once it looks, and opens both', () => {
    const operator = createKeyRing(dir, { shardCount: 1 })
    const host = openKeyRing(dir)
    const [sealer, opener] = [createSealer(host, 0), createOpener(host)]
    const before = sealer.seal(fields, Uint8Array.of(1))
    const rotated = operator.rotate('shard/0')
    expect(rotated.version).toBe(2)
    expect(host.refresh()).toBe(true)
    expect(host.refresh()).toBe(false)
    expect(host.current('shard/0').id).toBe(rotated.id)
    const after = sealer.seal(fields, Uint8Array.of(2))
    expect([before, after].map((frame) => opener.open(frame).header.keyId)).toEqual([1, rotated.id])
  })

  test('a frame under a key that was made meanwhile opens without a wait', () => {
    const operator = createKeyRing(dir, { shardCount: 1 })
    const host = openKeyRing(dir)
    operator.rotate('shard/0')
    const frame = createSealer(operator, 0).seal(fields, Uint8Array.of(3))
    expect(createOpener(host).open(frame).body).toEqual(Uint8Array.of(3))
  })

  test('a new institution gets its key by the same command', () => {
    const ring = createKeyRing(dir, { shardCount: 1 })
    expect(ring.rotate('evidence/2')).toMatchObject({ version: 1, purpose: 'evidence/2' })
    expect(problemOf(() => ring.rotate('evidence/two' as KeyPurpose))).toBe('purpose')
    expect(openKeyRing(dir).current('evidence/2').version).toBe(1)
  })

  test('several processes that rotate at once lose none of their keys', async () => {
    createKeyRing(dir, { shardCount: 1 })
    const source = `
      import { openKeyRing } from ${JSON.stringify(new URL('./fileKeyRing.ts', import.meta.url).href)}
      const ring = openKeyRing(${JSON.stringify(dir)})
      for (let i = 0; i < 5; i++) ring.rotate('shard/0')
    `
    const args = 'Deno' in globalThis ? ['eval', source] : ['--input-type=module', '-e', source]
    const cwd = new URL('../..', import.meta.url).pathname
    await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args, { cwd })))
    const versions = openKeyRing(dir)
      .list()
      .filter((key) => key.purpose === 'shard/0')
    expect(versions.map((key) => key.version)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
    expect(new Set(versions.map((key) => key.id)).size).toBe(16)
    expect(existsSync(join(dir, 'ring.lock'))).toBe(false)
  }, 30_000)

  test('neither list nor text nor inspection shows a key', () => {
    const ring = createKeyRing(dir, { shardCount: 1 })
    const { key } = ring.current('shard/0')
    const secret = key.secret.export()
    const shown = [
      JSON.stringify(ring.list()),
      JSON.stringify(ring.current('shard/0')),
      readFileSync(ringFile(), 'utf8'),
    ]
    for (const text of shown) {
      expect(text).not.toContain(secret.toString('hex'))
      expect(text).not.toContain(secret.toString('base64'))
    }
  })
})

describe('a key ring that is not in order', () => {
  test('no ring, no root key', () => {
    expect(problemOf(() => openKeyRing(dir))).toBe('missing')
    createKeyRing(dir, { shardCount: 1 })
    rmSync(join(dir, 'root.key'))
    expect(problemOf(() => openKeyRing(dir))).toBe('missing')
  })

  test('another root key does not open the ring, and says so', () => {
    createKeyRing(dir, { shardCount: 1 })
    writeFileSync(join(dir, 'root.key'), new Uint8Array(32).fill(1))
    expect(() => openKeyRing(dir)).toThrow('root key')
    expect(problemOf(() => openKeyRing(dir))).toBe('root-key')
  })

  test('a root key of another length, or one that others can read', () => {
    createKeyRing(dir, { shardCount: 1 })
    chmodSync(join(dir, 'root.key'), 0o644)
    expect(problemOf(() => openKeyRing(dir))).toBe('permissions')
    chmodSync(join(dir, 'root.key'), 0o600)
    writeFileSync(join(dir, 'root.key'), 'short')
    expect(problemOf(() => openKeyRing(dir))).toBe('damaged')
  })

  test.each<[string, (text: string) => string]>([
    ['is cut short', (text) => text.slice(0, -100)],
    ['is empty', () => ''],
    ['has another version', (text) => text.replace('"formatVersion": 1', '"formatVersion": 2')],
    ['has a key for another purpose', (text) => text.replace('"shard/0"', '"shard/1"')],
    ['has a key that was changed', (text) => text.replace(/"wrapped": "..../, '"wrapped": "AAAA')],
    ['has another checksum', (text) => text.replace(/"checksum": "..../, '"checksum": "0000')],
    ['has a purpose that is not known', (text) => text.replace('"effect"', '"affect"')],
  ])('a file that %s is called damaged', (_what, change) => {
    createKeyRing(dir, { shardCount: 1 })
    damage(change)
    expect(problemOf(() => openKeyRing(dir))).toBe('damaged')
  })

  test('a running process keeps its keys when the file is damaged under it', () => {
    const ring = createKeyRing(dir, { shardCount: 1 })
    damage(() => 'nothing')
    expect(problemOf(() => ring.refresh())).toBe('damaged')
    expect(ring.byId(1)?.purpose).toBe('shard/0')
  })
})

describe('a root key with a passphrase', () => {
  const passphrase = '交子 notes of 1024'

  test('opens with the passphrase only', () => {
    const ring = createKeyRing(dir, { shardCount: 1, passphrase })
    const blob = createBlobs(ring).sealBlob('snapshot', Uint8Array.of(1), '')
    expect(createBlobs(openKeyRing(dir, { passphrase })).openBlob('snapshot', blob, '')).toEqual(Uint8Array.of(1))
    expect(problemOf(() => openKeyRing(dir, { passphrase: 'wrong' }))).toBe('root-key')
    expect(() => openKeyRing(dir, { passphrase: '' })).toThrow('JIAOZI_ROOT_PASSPHRASE')
  })

  test('a passphrase that the ring was not made with is not used', () => {
    createKeyRing(dir, { shardCount: 1, passphrase: '' })
    expect(openKeyRing(dir, { passphrase }).current('snapshot').version).toBe(1)
  })
})

test('purposes are a closed set', () => {
  expect(['shard/0', 'evidence/12', 'postgres/balance'].every(isKeyPurpose)).toBe(true)
  expect(['shard/', 'shard/x', 'shard/0 ', '', 'postgres', 7].some(isKeyPurpose)).toBe(false)
})
