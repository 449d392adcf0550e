import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const followers = resolve(import.meta.dirname, '../actors/followers')
const timeoutMs = 120_000

export type Reconciliation = { verdict: string; figures: Record<string, number>; notes: string[] }

/** Runs a region's own reconciliation over everything that it has ever done. */
export const reconcileRegion = (dataDir: string): Promise<Reconciliation> => runFollower('reconcileMain.ts', dataDir)

/** Compares what two regions' projectors wrote, row by row, with what is sealed opened. */
export const compareRegions = (dataDir: string): Promise<Reconciliation> => runFollower('compareMain.ts', dataDir)

/** Runs a program of the followers that judges what lies in a data folder. @returns its report */
async function runFollower(program: string, dataDir: string): Promise<Reconciliation> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-judged-'))
  const file = join(dir, 'report.json')
  const args = [join(followers, program), '--data', dataDir, '--json', file]
  try {
    return await new Promise((done, failed) => {
      execFile(process.execPath, args, { timeout: timeoutMs }, (error, _stdout, stderr) => {
        try {
          done(JSON.parse(readFileSync(file, 'utf8')) as Reconciliation)
        } catch {
          failed(new Error(`${program} gave no report: ${stderr.trim() || String(error)}`))
        }
      })
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
