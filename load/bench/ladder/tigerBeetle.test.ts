import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { figuresOfRow } from './ladderRow.ts'
import type { RungOptions } from './rung.ts'
import { parseTigerBeetleOutput } from './tigerBeetleOutput.ts'
import { benchTigerBeetle } from './tigerBeetleRung.ts'

/** As its releases print it since June 2025. */
const output = `13 batches in 0.33 s
transfer batch size = 8189 txs
transfer batch delay = 0 us
load accepted = 301887 tx/s
batch latency p1   = 0 ms
batch latency p50  = 22 ms
batch latency p99  = 32 ms
batch latency p100 = 42 ms

100 queries in 0.5 s
query latency p1   = 1 ms
query latency p50  = 4 ms
query latency p99  = 9 ms
query latency p100 = 9 ms

rss = 3187671040 bytes

datafile empty = 1145569280 bytes
datafile = 1268809728 bytes
`

/** As they printed it before. */
const olderOutput = `123 batches in 27.36 s
transfer batch size = 8190 txs
transfer batch delay = 0 us
load accepted = 36548 tx/s
batch latency p1 = 79 ms
batch latency p50 = 222 ms
batch latency p99 = 300 ms
batch latency p100 = 312 ms
`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-peer-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function program(name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

const options: RungOptions = { seconds: 1, repeats: 2, quick: true, runtime: 'node' }
const silent = (): void => undefined

test('its output is read: the rate of its load and the latency of its batches, not of its queries', () => {
  expect(parseTigerBeetleOutput(output)).toEqual({
    perSecond: 301_887,
    batchSize: 8_189,
    batches: 13,
    seconds: 0.33,
    p50Ms: 22,
    p99Ms: 32,
    maxMs: 42,
    memoryBytes: 3_187_671_040,
    dataFileBytes: 1_268_809_728,
  })
  expect(parseTigerBeetleOutput(olderOutput)).toMatchObject({ perSecond: 36_548, p50Ms: 222, p99Ms: 300, maxMs: 312 })
})

test('a rate that it does not print is not guessed', () => {
  const silenced = output.replace(/^load accepted.*$/m, '')
  expect(() => parseTigerBeetleOutput(silenced)).toThrow('tigerbeetle benchmark did not print its load accepted')
  expect(() => parseTigerBeetleOutput('')).toThrow(/did not print/)
})

test('without the program there is no row, and the reader is told', async () => {
  const { rows, notes } = await benchTigerBeetle(undefined, options, silent)
  expect(rows).toEqual([])
  expect(notes).toEqual([expect.stringContaining('TIGERBEETLE=')])
})

test('a program that is not there, or that fails, is named with its own last line', async () => {
  await expect(benchTigerBeetle(join(folder, 'nothing'), options, silent)).rejects.toThrow(/which is not there/)
  const failing = program('failing', '[ "$1" = version ] && exit 0; echo "error: no direct I/O" >&2; exit 1')
  await expect(benchTigerBeetle(failing, options, silent)).rejects.toThrow(
    'tigerbeetle benchmark failed: error: no direct I/O',
  )
})

test('each batch size is run as often as asked, in a folder of its own, and becomes a row', async () => {
  const log = join(folder, 'calls')
  const script = `[ "$1" = version ] && echo "TigerBeetle version 0.17.9" && exit 0
echo "$2 $3 $(ls | wc -l)" >> ${log}
touch left-over
cat <<'END'
${output}END`
  const { rows, versions } = await benchTigerBeetle(program('tigerbeetle', script), options, silent)
  expect(versions).toEqual({ tigerbeetle: '0.17.9' })
  expect(rows.map(({ name }) => name)).toEqual([
    'tigerbeetle.b1',
    'tigerbeetle.b64',
    'tigerbeetle.b1024',
    'tigerbeetle.b8189',
  ])
  expect(figuresOfRow(rows[3]!)).toMatchObject({
    'tigerbeetle.b8189.per_second': 301_887,
    'tigerbeetle.b8189.p99_ms': 32,
    'tigerbeetle.b8189.memory_bytes': 3_187_671_040,
  })
  const { readFileSync } = await import('node:fs')
  const calls = readFileSync(log, 'utf8').trim().split('\n')
  expect(calls).toHaveLength(8)
  expect(calls[6]).toBe('--transfer-count=400000 --transfer-batch-size=8189 0')
  expect(calls[7]).toBe(calls[6])
})
