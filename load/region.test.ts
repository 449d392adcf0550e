import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { processStart } from '../deploy/supervisor/dataFolder.ts'

const skipped = process.env.JIAOZI_SKIP_NATS
const regionTimeoutMs = 120_000
const endedTimeoutMs = 60_000

/** Starts a region, says what runs, and waits to be ended; on a line of input it ends the region itself. */
const owner = `
const { startRegion } = await import(process.env.REGION_MODULE)
const region = await startRegion(['--shards', '1', '--workers', '1'])
process.stdout.write(JSON.stringify({ dir: region.dataDir, pids: region.facts().pids }) + '\\n')
process.stdin.once('data', async () => {
  await region.stop()
  process.exit(0)
})
`

/** The same of the part of a region that the bench measures the log with. */
const coreOwner = `
const { startCoreRegion } = await import(process.env.CORE_REGION_MODULE)
const region = await startCoreRegion({ shards: 1, workers: 1, runtime: 'node', snapshotSeconds: 60 })
process.stdout.write(JSON.stringify({ dir: region.dataDir, pids: region.pids }) + '\\n')
process.stdin.once('data', async () => {
  await region.stop()
  process.exit(0)
})
`

type Started = { dir: string; pids: Record<string, number> }
type Identity = { name: string; pid: number; start: string | undefined }

let owning: ChildProcess | undefined
let left: { dir: string; processes: Identity[] } | undefined

const running = (processes: readonly Identity[]): string[] =>
  processes.filter(({ pid, start }) => start !== undefined && processStart(pid) === start).map(({ name }) => name)

afterEach(async () => {
  owning?.kill('SIGKILL')
  owning = undefined
  if (left === undefined) return
  await whatOutlives(left.processes)
  for (const { name, pid } of left.processes) if (running(left.processes).includes(name)) process.kill(pid, 'SIGKILL')
  rmSync(left.dir, { recursive: true, force: true })
  left = undefined
}, regionTimeoutMs)

async function startOwner(program: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      REGION_MODULE: join(import.meta.dirname, 'region.ts'),
      CORE_REGION_MODULE: join(import.meta.dirname, 'bench/coreRegion.ts'),
    },
  })
  owning = child
  const text = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    child.once('exit', () => reject(new Error('it ended before its region was ready')))
  })
  const { dir, pids } = JSON.parse(text) as Started
  const processes = Object.entries(pids).map(([name, pid]) => ({ name, pid, start: processStart(pid) }))
  left = { dir, processes }
  return { child, processes }
}

async function whatOutlives(processes: readonly Identity[]): Promise<string[]> {
  const deadlineMs = performance.now() + endedTimeoutMs
  while (running(processes).length > 0 && performance.now() < deadlineMs) await sleep(50)
  return running(processes)
}

describe.skipIf(skipped !== undefined)('what a program started for itself', { timeout: regionTimeoutMs }, () => {
  const regions = [
    ['a region', owner, ['nats-server', 'postgres', 'worker-0', 'sandbox-bank']],
    ['the core of a region', coreOwner, ['nats-server', 'worker-0']],
  ] as const

  test.each(regions)(
    '%s has ended, process by process, once the program has stopped it',
    async (_what, program, names) => {
      const { child, processes } = await startOwner(program)
      expect(running(processes)).toEqual(expect.arrayContaining([...names]))
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.write('stop\n')
      expect(await ended).toBe(0)
      expect(running(processes)).toEqual([])
    },
  )

  test.each(regions)('%s does not outlive a program that is killed', async (_what, program) => {
    const { child, processes } = await startOwner(program)
    child.kill('SIGKILL')
    expect(await whatOutlives(processes)).toEqual([])
  })
})
