import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withFileLock } from './fileLock.ts'

const pidNobodyHas = 4_194_305

let dir: string
let lock: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jiaozi-lock-'))
  lock = join(dir, 'work.lock')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const tryIt = () => withFileLock(lock, 100, () => existsSync(lock))

describe('file lock', () => {
  test('is there while the work runs and gone afterwards, also when the work throws', () => {
    expect(tryIt()).toBe(true)
    expect(existsSync(lock)).toBe(false)
    expect(() =>
      withFileLock(lock, 100, () => {
        throw new Error('work failed')
      }),
    ).toThrow('work failed')
    expect(existsSync(lock)).toBe(false)
  })

  test.each([
    ['a process that died', () => `${hostname()} ${pidNobodyHas}`],
    ['an earlier process with our number', () => `${hostname()} ${process.pid}`],
  ])('is taken over from %s', (_who, holder) => {
    writeFileSync(lock, holder())
    expect(tryIt()).toBe(true)
  })

  test.each([
    ['a living process', () => `${hostname()} ${process.ppid}`],
    ['a process of another machine, whose life nobody here can judge', () => `elsewhere ${pidNobodyHas}`],
    ['a process that has not yet written its name', () => ''],
  ])('is not taken from %s', (_who, holder) => {
    writeFileSync(lock, holder())
    expect(tryIt).toThrow('work.lock is held by another process')
    expect(existsSync(lock)).toBe(true)
  })

  test('is taken over when it stayed without a name', () => {
    writeFileSync(lock, '')
    utimesSync(lock, 1_000, 1_000)
    expect(tryIt()).toBe(true)
  })
})
