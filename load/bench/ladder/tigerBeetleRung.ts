import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../benchOptions.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { spreadOf } from '../repeats.ts'
import type { LadderRow } from './ladderRow.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'
import { parseTigerBeetleOutput, type TigerBeetleResult } from './tigerBeetleOutput.ts'

export const tigerBeetleBatchSizes = [1, 64, 1_024, 8_189] as const

/** Long enough for each batch size that its rate settles. */
const transfers: Readonly<Record<(typeof tigerBeetleBatchSizes)[number], number>> = {
  1: 20_000,
  64: 500_000,
  1024: 2_000_000,
  8189: 4_000_000,
}
const quickShare = 0.1
const runTimeoutMs = 600_000
const outputBytesMax = 16 * 1_048_576
const on = ['fsync', '1 replica', 'not encrypted']

/** The other peer, by its own benchmark, when the environment names its program. */
export const tigerBeetleRung: Rung = {
  name: 'tigerbeetle',
  require: () => void pathOf(process.env.TIGERBEETLE),
  run: (options, say) => benchTigerBeetle(process.env.TIGERBEETLE, options, say),
}

/** @returns undefined when none is named */
function pathOf(program: string | undefined): string | undefined {
  if (program === undefined || program === '') return undefined
  const path = resolve(program)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new UsageError(`TIGERBEETLE names ${path}, which is not there`)
  }
  return path
}

/** @throws Error when `program` is named and is not there, or does not print what it should. */
export async function benchTigerBeetle(
  program: string | undefined,
  { repeats, quick }: RungOptions,
  say: (line: string) => void,
): Promise<RungFindings> {
  const path = pathOf(program)
  if (path === undefined) {
    return { rows: [], notes: ['tigerbeetle: not run here; TIGERBEETLE=/path/to/tigerbeetle runs it on this machine'] }
  }
  const version = (await run(path, ['version'], '.')).trim().split('\n')[0] ?? ''
  const rows: LadderRow[] = []
  for (const size of tigerBeetleBatchSizes) {
    const results: TigerBeetleResult[] = []
    while (results.length < repeats) {
      say(`batches of ${size}, repeat ${results.length + 1}`)
      results.push(await benchmark(path, size, Math.ceil(transfers[size] * (quick ? quickShare : 1))))
    }
    rows.push(rowOf(size, results))
  }
  const notes = [
    'tigerbeetle: its own benchmark, one server and one client with one batch at a time on this machine',
    'tigerbeetle: a repeat is a new data file and so many transfers, whatever --seconds says, none of them cut as warm-up',
  ]
  return { rows, notes, versions: { tigerbeetle: version.replace(/^TigerBeetle version /, '') } }
}

async function benchmark(path: string, size: number, count: number): Promise<TigerBeetleResult> {
  const args = ['benchmark', `--transfer-count=${count}`, `--transfer-batch-size=${size}`]
  const benchmarking = await stoppedOnInterruption(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jiaozi-tigerbeetle-'))
    const stopping = new AbortController()
    const output = run(path, args, folder, stopping.signal)
    const ended = output.catch(() => undefined)
    return {
      output,
      async stop() {
        stopping.abort()
        await ended
        rmSync(folder, { recursive: true, force: true })
      },
    }
  })
  try {
    return parseTigerBeetleOutput(await benchmarking.output)
  } finally {
    await benchmarking.stop()
  }
}

function run(path: string, args: readonly string[], cwd: string, signal?: AbortSignal): Promise<string> {
  return new Promise((done, failed) => {
    const options = { cwd, timeout: runTimeoutMs, maxBuffer: outputBytesMax, signal }
    execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout)
      else failed(new Error(`tigerbeetle ${args[0]} failed: ${stderr.trim().split('\n').at(-1) || error.message}`))
    })
  })
}

function rowOf(size: number, results: readonly TigerBeetleResult[]): LadderRow {
  const median = (pick: (result: TigerBeetleResult) => number | undefined): number | undefined => {
    const values = results.map(pick).filter((value) => value !== undefined)
    return values.length === 0 ? undefined : spreadOf(values).median
  }
  const memoryBytes = median((result) => result.memoryBytes)
  return {
    name: `tigerbeetle.b${size}`,
    what: `its own benchmark, batches of ${size.toLocaleString('en')}, one in flight`,
    perSecond: spreadOf(results.map(({ perSecond }) => perSecond)),
    repeats: results.length,
    ...latencyOf(median),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    on,
  }
}

/** It prints no 99.9th percentile: one of the three others that is missing leaves the latency out. */
function latencyOf(
  median: (pick: (result: TigerBeetleResult) => number | undefined) => number | undefined,
): Pick<LadderRow, 'latencyMs'> {
  const [p50, p99, max] = [median((r) => r.p50Ms), median((r) => r.p99Ms), median((r) => r.maxMs)]
  if (p50 === undefined || p99 === undefined || max === undefined) return {}
  return { latencyMs: { p50, p99, max } }
}
