import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const patienceMs = 60_000
const benchTimeoutMs = 180_000
/** What it starts is told apart from all else by the folder for temporary files that it was given. */
let folder: string
/** Also where temporary files are in memory, which a bench refuses. */
const onDisk = '/var/tmp'
let bench: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(existsSync(onDisk) ? onDisk : tmpdir(), 'jiaozi-bench-test-'))
})
afterEach(async () => {
  bench?.kill('SIGKILL')
  await until(() => startedProcesses().length === 0).catch(() => undefined)
  for (const { pid } of startedProcesses()) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}, benchTimeoutMs)

function startBench(...args: string[]): ChildProcess {
  bench = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts'), ...args],
    {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return bench
}

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said }
}

/** Processes that were given the folder, by their environment or on their command line; the bench itself is none of them. */
function startedProcesses(): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === bench?.pid) return []
    const command = readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
    return command !== '' && (command + readOr(`/proc/${pid}/environ`)).includes(folder) ? [{ pid, command }] : []
  })
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

async function until(reached: () => boolean): Promise<void> {
  const endsMs = performance.now() + patienceMs
  while (!reached()) {
    if (performance.now() > endsMs) throw new Error(`still ${JSON.stringify(startedProcesses())}`)
    await sleep(50)
  }
}

const runs = (...programs: RegExp[]): Promise<void> =>
  until(() => programs.every((program) => startedProcesses().some(({ command }) => program.test(command))))

const linux = existsSync('/proc/self/environ')
const natsServer = /nats-server -c/
const worker = /actors\/host\/main/
const postgresServer = /postgres -D/
const memoryInDeno = /deno .*ladder\/memoryMain/

describe.skipIf(!linux || process.env.JIAOZI_SKIP_NATS !== undefined)('a bench', { timeout: benchTimeoutMs }, () => {
  test.each([
    ['SIGINT', 130, 'shards', [natsServer, worker]],
    ['SIGTERM', 143, 'shards', [natsServer, worker]],
    ['SIGINT', 130, 'postgres', [postgresServer]],
    ['SIGINT', 130, 'http', [natsServer, worker, postgresServer]],
    ['SIGINT', 130, 'ladder --runtime deno', [memoryInDeno]],
  ] as const)(
    'that gets a %s ends with %i once everything of %s has ended and its data is gone',
    async (signal, code, typed, programs) => {
      const child = startBench(...typed.split(' '))
      const end = ended(child)
      await runs(...programs)
      child.kill(signal)
      expect(await end).toMatchObject({ code })
      expect(startedProcesses()).toEqual([])
      expect(readdirSync(folder)).toEqual([])
    },
  )

  test.each([
    ['shards', [natsServer, worker]],
    ['postgres', [postgresServer]],
  ] as const)('that is killed leaves neither processes nor data of %s', async (name, programs) => {
    const child = startBench(name)
    await runs(...programs)
    child.kill('SIGKILL')
    await until(() => startedProcesses().length === 0)
    expect(readdirSync(folder)).toEqual([])
  })
})

test.each([
  [
    ['soak', '--runtime', 'deno'],
    "bench: Unknown option '--runtime': soak takes --payments, --repeats, --json, --help\n",
  ],
  [['nothing'], /^bench: there is no nothing: one of http, recovery,/],
  [
    ['costs', '--json', '/no/such/folder/costs.json'],
    /^bench: --json \/no\/such\/folder\/costs.json cannot be written \(ENOENT\)\n$/,
  ],
  [['costs', '--json', '.'], 'bench: --json "." is a folder, not a file\n'],
])('%j ends with 2 and one line', async (args, line) => {
  const { code, said } = await ended(startBench(...args))
  expect(said).toMatch(line)
  expect(code).toBe(2)
})

test('a peer that is not where it is said to be is told before the first rung, not after the last', async () => {
  process.env.TIGERBEETLE = '/no/such/tigerbeetle'
  try {
    expect(await ended(startBench('ladder', '--quick'))).toEqual({
      code: 2,
      said: 'bench: TIGERBEETLE names /no/such/tigerbeetle, which is not there\n',
    })
  } finally {
    delete process.env.TIGERBEETLE
  }
})

test.skipIf(!existsSync('/dev/shm'))('data in memory is refused before anything is started', async () => {
  rmSync(folder, { recursive: true })
  folder = mkdtempSync('/dev/shm/jiaozi-bench-test-')
  expect(await ended(startBench('postgres'))).toEqual({
    code: 2,
    said: `bench: ${folder} is in memory, where fsync does nothing: set TMPDIR to a folder on a disk\n`,
  })
})
