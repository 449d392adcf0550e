import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { folderSnapshots } from './folderSnapshots.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { contentsOf, snapshotStoreContract } from './snapshotStoreContract.ts'

const newDir = () => mkdtempSync(join(tmpdir(), 'jiaozi-snapshots-'))

snapshotStoreContract('a folder', async () => {
  const dir = newDir()
  return {
    open: async (blobs, options) => folderSnapshots(dir, blobs, options),
    rewrite: async (name, change) => writeFileSync(join(dir, name), change(readFileSync(join(dir, name)))),
    dieHalfWay: async ({ seq }) => writeFileSync(join(dir, `a-0-1-${seq}-1.snap.partial`), new Uint8Array(100)),
    close: async () => rmSync(dir, { recursive: true }),
  }
})

test('a folder of snapshots is readable by its user only, and other files in it are let be', async () => {
  const dir = join(newDir(), 'made')
  const store = folderSnapshots(dir, createBlobs(memoryKeyRing(['snapshot'])), { keep: 3 })
  for (const seq of [1, 2, 3, 4]) await store.save(contentsOf(seq))
  writeFileSync(join(dir, 'notes.txt'), 'mine')
  const names = readdirSync(dir)
  expect(names.filter((name) => name.endsWith('.snap'))).toHaveLength(3)
  expect(names).toContain('notes.txt')
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  for (const name of names.filter((name) => name.endsWith('.snap'))) {
    expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
  }
  rmSync(join(dir, '..'), { recursive: true })
})
