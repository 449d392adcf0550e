import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requireDisk } from './disk.ts'

const memory = '/dev/shm'

test.skipIf(!existsSync(memory))('a folder in memory is refused, with its name and what to do', () => {
  const folder = mkdtempSync(join(memory, 'jiaozi-'))
  try {
    expect(() => requireDisk(folder)).toThrow(
      `${folder} is in memory, where fsync does nothing: set TMPDIR to a folder`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a folder on a disk is taken', () => {
  expect(() => requireDisk(import.meta.dirname)).not.toThrow()
})
