import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

const patienceMs = 60_000
const loadTimeoutMs = 180_000
let folder: string
let load: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-load-test-'))
})
afterEach(async () => {
  load?.kill('SIGKILL')
  await until(() => !regionRuns()).catch(() => undefined)
  rmSync(folder, { recursive: true, force: true })
}, loadTimeoutMs)

/** By itself, on a data folder on which nothing runs: it starts a region in the folder for temporary files. */
function startLoad(...args: string[]): ChildProcess {
  const program = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts')]
  load = spawn(process.execPath, [...program, '--profile', 'canonical', '--data', join(folder, 'none'), ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return load
}

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said }
}

/** Whether a message server works in the folder. */
const regionRuns = (): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && /nats-server/.test(commandOf(pid)) && commandOf(pid).includes(folder)
    } catch {
      return false
    }
  })
const commandOf = (pid: string): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')

async function until(reached: () => boolean): Promise<void> {
  const endsMs = performance.now() + patienceMs
  while (!reached()) {
    if (performance.now() > endsMs) throw new Error('it took too long')
    await sleep(50)
  }
}

test.skipIf(!existsSync('/proc/self/cmdline') || process.env.JIAOZI_SKIP_NATS !== undefined).each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a load that gets a %s ends with %i once its region has ended and its data is gone',
  { timeout: loadTimeoutMs },
  async (signal, code) => {
    const child = startLoad()
    const end = ended(child)
    await until(regionRuns)
    child.kill(signal)
    expect(await end).toEqual({ code, said: expect.stringContaining(`load: ${signal}: ending what was started`) })
    expect(regionRuns()).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  },
)

test('a report that could not be written is refused before anything is started', async () => {
  const end = ended(startLoad('--json', '/no/such/folder/load.json'))
  expect(await end).toEqual({ code: 2, said: 'load: --json /no/such/folder/load.json cannot be written (ENOENT)\n' })
  expect(readdirSync(folder)).toEqual([])
})
