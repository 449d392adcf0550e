import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a running region writes about itself into its data folder, for tools on the same machine. */
export type RegionFacts = {
  edgeUrl: string
  caFile: string
  operatorKeyFile: string
  institutionKeyFile: string
  bankUrl: string
  centralBankUrl: string
  databaseUrl: string
  /** Processes by name, for the demo's kills: worker-0, edge, nats-server and so on. */
  pids: Record<string, number>
}

export type Region = {
  dataDir: string
  /** Read anew at each call: a restarted process has another pid. */
  facts(): RegionFacts
  /** Ends the region if this program started it. */
  stop(): Promise<void>
}

const startTimeoutMs = 120_000
const stopTimeoutMs = 60_000

const factsFile = (dataDir: string): string => join(dataDir, 'run', 'region.json')

function readFacts(dataDir: string): RegionFacts {
  return JSON.parse(readFileSync(factsFile(dataDir), 'utf8')) as RegionFacts
}

/** Uses the region that runs on `dataDir`, or starts one of its own in a temporary folder. */
export async function useRegion(dataDir: string, startArgs: readonly string[] = []): Promise<Region> {
  const dir = resolve(dataDir)
  if (existsSync(factsFile(dir))) return { dataDir: dir, facts: () => readFacts(dir), stop: async () => undefined }
  return startRegion(startArgs)
}

/** Starts a region in a temporary folder on a free port; `stop` ends it and removes the folder. */
export async function startRegion(startArgs: readonly string[] = []): Promise<Region> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-region-'))
  const port = await freePort()
  const program = resolve(import.meta.dirname, '../deploy/supervisor/main.ts')
  const args = [program, '--data', dir, '--port', String(port), ...startArgs]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000)
  })
  const stop = async (): Promise<void> => {
    await endChild(child)
    rmSync(dir, { recursive: true, force: true })
  }
  const deadlineMs = performance.now() + startTimeoutMs
  while (!existsSync(factsFile(dir))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop()
      throw new Error(`the region did not start: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`)
    }
    await sleep(50)
  }
  return { dataDir: dir, facts: () => readFacts(dir), stop }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await exited
  clearTimeout(overdue)
}

function freePort(): Promise<number> {
  return new Promise((found, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
