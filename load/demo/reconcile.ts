import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Report } from '../../actors/log/report.ts'
import type { Region } from '../region.ts'

const reconcileTimeoutMs = 300_000

/** Runs the reconciliation program against the region and reads its report. */
export function reconcile(region: Region): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-reconcile-'))
  const file = join(dir, 'report.json')
  const program = resolve(import.meta.dirname, '../../actors/followers/reconcileMain.ts')
  return new Promise((done, failed) => {
    const args = [program, '--data', region.dataDir, '--json', file]
    execFile(process.execPath, args, { timeout: reconcileTimeoutMs }, (error, _stdout, stderr) => {
      try {
        done(JSON.parse(readFileSync(file, 'utf8')) as Report)
      } catch {
        failed(new Error(`reconciliation gave no report: ${stderr.trim() || String(error)}`))
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    })
  })
}
