import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataFolderError, dataFormat, openDataFolder, processStart, writeDurably } from './dataFolder.ts'

let parent: string
let dir: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'jiaozi-folder-'))
  dir = join(parent, 'data')
})

afterEach(() => rmSync(parent, { recursive: true, force: true }))

function refusalOf(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    expect(error).toBeInstanceOf(DataFolderError)
    return (error as Error).message
  }
  throw new Error('the folder was opened')
}

test('a new folder is for its owner alone and says what it holds', () => {
  openDataFolder(dir, 'a', 4).release()
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(JSON.parse(readFileSync(join(dir, 'format.json'), 'utf8'))).toEqual({
    format: dataFormat,
    region: 'a',
    shardCount: 4,
  })
  for (const folder of ['run', 'log', 'keys']) expect(existsSync(join(dir, folder))).toBe(true)
})

test('a folder that was let go opens again with what it held', () => {
  openDataFolder(dir, 'a', 4).release()
  writeFileSync(join(dir, 'keys', 'kept'), 'kept')
  openDataFolder(dir, 'a', 4).release()
  expect(readFileSync(join(dir, 'keys', 'kept'), 'utf8')).toBe('kept')
})

describe('a folder is refused', () => {
  test('while another holds it', () => {
    const { release } = openDataFolder(dir, 'a', 4)
    expect(refusalOf(() => openDataFolder(dir, 'a', 4))).toBe(`${dir} is in use by process ${process.pid}`)
    release()
    openDataFolder(dir, 'a', 4).release()
  })

  test.each([
    ['of a newer release', { format: dataFormat + 1, region: 'a', shardCount: 4 }, 'was written by a newer release'],
    ['of another region', { format: dataFormat, region: 'b', shardCount: 4 }, 'holds region b, not region a'],
    ['of two regions', { format: dataFormat, region: 'ab', shardCount: 4 }, 'holds regions a and b, not region a'],
    ['with another number of shards', { format: dataFormat, region: 'a', shardCount: 8 }, 'was made with --shards 8'],
  ])('%s, and is free again afterwards', (_, format, says) => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'format.json'), JSON.stringify(format))
    expect(refusalOf(() => openDataFolder(dir, 'a', 4))).toContain(says)
    expect(readdirSync(dir)).toEqual(['format.json'])
  })

  test.each([
    ['when it is a file', 'taken', 'is a file, not a folder'],
    ['when it lies in a file', 'taken/data', 'lies in a file, not in a folder'],
  ])('%s', (_, name, says) => {
    writeFileSync(join(parent, 'taken'), 'somebody’s')
    const path = join(parent, name)
    expect(refusalOf(() => openDataFolder(path, 'a', 4))).toBe(`${path} ${says}; choose another with --data`)
    expect(readFileSync(join(parent, 'taken'), 'utf8')).toBe('somebody’s')
  })

  test.each([
    ['is empty', ''],
    ['ends in the middle', '{"format":1,"region":"a","sha'],
    ['is of nothing', 'null'],
    ['lacks the region', '{"format":1,"shardCount":4}'],
    ['has no number of shards', '{"format":1,"region":"a","shardCount":"four"}'],
  ])('when its format.json %s, which stays as it is', (_, text) => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'format.json'), text)
    expect(refusalOf(() => openDataFolder(dir, 'a', 4))).toBe(
      `${join(dir, 'format.json')} is damaged; put it back from a backup, or write what the folder was made with, ` +
        'as {"format":1,"region":"LETTER or ab","shardCount":NUMBER}',
    )
    expect(readdirSync(dir)).toEqual(['format.json'])
    expect(readFileSync(join(dir, 'format.json'), 'utf8')).toBe(text)
  })

  test('of a newer release, whatever else that one writes', () => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'format.json'), JSON.stringify({ format: dataFormat + 1 }))
    expect(refusalOf(() => openDataFolder(dir, 'a', 4))).toContain('was written by a newer release')
  })

  test('on a disk that is full', () => {
    // No other file system of a machine is sure to have next to nothing free.
    const full = '/proc/self'
    expect(refusalOf(() => openDataFolder(full, 'a', 4))).toBe(`the disk of ${full} has less than 512 MiB free`)
  })
})

describe('a lock whose holder is gone is no lock', () => {
  test('a process that was killed', async () => {
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
    const start = processStart(child.pid!)
    mkdirSync(dir)
    writeFileSync(join(dir, 'lock'), `${child.pid} ${start}`)
    expect(refusalOf(() => openDataFolder(dir, 'a', 4))).toBe(`${dir} is in use by process ${child.pid}`)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    openDataFolder(dir, 'a', 4).release()
  })

  test('a process whose number another one has now', () => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'lock'), `${process.pid} 1`)
    openDataFolder(dir, 'a', 4).release()
  })
})

test('a file is written whole, for its owner alone, and leaves nothing beside it', () => {
  const file = join(parent, 'settings.json')
  writeDurably(file, 'first')
  writeDurably(file, 'second')
  expect(readFileSync(file, 'utf8')).toBe('second')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(parent)).toEqual(['settings.json'])
})
