import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const program = resolve(import.meta.dirname, '../actors/followers/reconcileMain.ts')
const timeoutMs = 120_000

export type Reconciliation = { verdict: string; figures: Record<string, number>; notes: string[] }

/** Runs a region's own reconciliation over everything that it has ever done. */
export async function reconcileRegion(dataDir: string): Promise<Reconciliation> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-reconciliation-'))
  const file = join(dir, 'report.json')
  try {
    return await new Promise((done, failed) => {
      execFile(
        process.execPath,
        [program, '--data', dataDir, '--json', file],
        { timeout: timeoutMs },
        (error, _stdout, stderr) => {
          try {
            done(JSON.parse(readFileSync(file, 'utf8')) as Reconciliation)
          } catch {
            failed(new Error(`reconciliation gave no report: ${stderr.trim() || String(error)}`))
          }
        },
      )
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
