import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

export type Verdict = 'pass' | 'fail' | 'unknown'

/** The one form in which every command that measures or judges writes its result (design §13). */
export type Report = {
  name: string
  commit: string
  when: string
  machine: { cores: number; memoryBytes: number; fsyncP50Us: number; fsyncP99Us: number }
  versions: Record<string, string>
  settings: Record<string, unknown>
  verdict: Verdict
  /** Plain numbers, the unit in the name. What was not measured is absent, never 0. */
  figures: Record<string, number>
  rows: Record<string, unknown>[]
  notes: string[]
}

export type Findings = Pick<Report, 'verdict' | 'figures'> & Partial<Pick<Report, 'rows' | 'notes' | 'versions'>>

/** Adds to what was found where and on what it was found. `folder` is on the disk whose fsync matters. */
export function makeReport(name: string, settings: Record<string, unknown>, found: Findings, folder = '.'): Report {
  const { p50, p99 } = measureFsync(folder)
  return {
    name,
    commit: commitOf(),
    when: new Date().toISOString(),
    machine: { cores: availableParallelism(), memoryBytes: totalmem(), fsyncP50Us: p50, fsyncP99Us: p99 },
    versions: { runtime: runtimeVersion(), ...found.versions },
    settings,
    verdict: found.verdict,
    figures: found.figures,
    rows: found.rows ?? [],
    notes: found.notes ?? [],
  }
}

export function writeReport(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}

function runtimeVersion(): string {
  const deno = (globalThis as { Deno?: { version: { deno: string } } }).Deno
  return deno === undefined ? `node ${process.version}` : `deno ${deno.version.deno}`
}

function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}

const fsyncSamples = 200

/** How long this disk takes to make 4 KiB durable, in microseconds: no durable figure means anything without it. */
function measureFsync(folder: string): { p50: number; p99: number } {
  const dir = mkdtempSync(join(folder, '.fsync-'))
  try {
    const file = openSync(join(dir, 'probe'), 'w')
    const block = new Uint8Array(4096)
    const samples = Array.from({ length: fsyncSamples }, () => {
      writeSync(file, block)
      const began = performance.now()
      fsyncSync(file)
      return Math.round((performance.now() - began) * 1_000)
    }).sort((a, b) => a - b)
    closeSync(file)
    return { p50: samples[fsyncSamples >> 1]!, p99: samples[Math.floor(fsyncSamples * 0.99)]! }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
