import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProcessLog } from './processLog.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-process-log-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('keeps what is said in its order, behind what is there', async () => {
  const file = join(folder, 'order.log')
  for (const part of ['one\n', 'two\n']) {
    const log = new ProcessLog(file)
    log.write(part)
    log.write(Buffer.from(part.toUpperCase()))
    await log.close()
  }
  expect(readFileSync(file, 'utf8')).toBe('one\nONE\ntwo\nTWO\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('stays within its bounds while the process runs', async () => {
  const file = join(folder, 'bounds.log')
  const log = new ProcessLog(file, 100)
  const line = `${'x'.repeat(49)}\n`
  for (let n = 0; n < 20; n++) {
    log.write(line)
    await log.close()
  }
  expect(statSync(file).size).toBeLessThanOrEqual(100)
  expect(statSync(`${file}.1`).size).toBe(100)
})

test('outlives a disk that takes nothing, and says how much is missing when it takes something again', async () => {
  const full = new ProcessLog('/dev/full')
  full.write('a line\n')
  await full.close()

  const file = join(folder, 'later', 'process.log')
  const log = new ProcessLog(file)
  log.write('seven\n\n')
  await log.close()
  mkdirSync(join(folder, 'later'))
  log.write('goes on\n')
  await log.close()
  expect(readFileSync(file, 'utf8')).toBe('{"supervisor":"7 bytes are missing about here"}\ngoes on\n')
})

test('holds no more in memory than it may while the disk is slower than the process', async () => {
  const file = join(folder, 'flood.log')
  const log = new ProcessLog(file)
  const line = `${'x'.repeat(1023)}\n`
  for (let n = 0; n < 4 * 1024; n++) log.write(line)
  await log.close()
  log.write('the end\n')
  await log.close()
  expect(statSync(file).size).toBeLessThan(1.1 * 1024 * 1024)
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(`{"supervisor":"${3 * 1024 * 1024} bytes are missing about here"}\n`)
  expect(text.endsWith(`${line}the end\n`)).toBe(true)
})
