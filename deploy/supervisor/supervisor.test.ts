import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../freePort.ts'
import { processStart } from './dataFolder.ts'

const program = join(import.meta.dirname, 'main.ts')
const skipped = process.env.JIAOZI_SKIP_NATS
const killedTimeoutMs = 10_000
const readyTimeoutMs = 120_000

type Ended = { code: number | null; out: string; err: string }
/** `said` waits for a text and gives all that was said until then. */
type Run = { child: ChildProcess; said(text: string): Promise<string>; ended: Promise<Ended> }

let parent: string
const started: ChildProcess[] = []

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'jiaozi-supervisor-'))
})

afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  for (const folder of existsSync(parent) ? readdirSync(parent) : []) {
    for (const { pid } of Object.values(runningIn(join(parent, folder)))) process.kill(pid, 'SIGKILL')
  }
  rmSync(parent, { recursive: true, force: true })
})

function supervisor(args: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString()
  })
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...text })))
  const said = (what: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => text.out.includes(what) && resolve(text.out)
      child.stdout.on('data', look)
      void ended.then(() => reject(new Error(`ended before it said "${what}": ${text.err}`)))
      look()
    })
  return { child, said, ended }
}

describe('one clear line and exit code 1', () => {
  test('for an option that does not exist', async () => {
    const { code, out, err } = await supervisor(['--data', join(parent, 'unused'), '--shard', '4']).ended
    expect(err).toBe("jiaozi: Unknown option '--shard'\n")
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(existsSync(join(parent, 'unused'))).toBe(false)
  })

  test('for a nats-server that is not where its name says', async () => {
    const env = { NATS_SERVER: '/nowhere/nats-server' }
    const data = join(parent, 'no-server')
    const { code, err } = await supervisor(['--data', data, '--port', String(await freePort())], env).ended
    expect(err).toBe('jiaozi: NATS_SERVER names /nowhere/nats-server, which is no nats-server that runs\n')
    expect(code).toBe(1)
  })

  test('for a server from outside whose monitoring port is not named', async () => {
    const env = { NATS_URL: 'nats://127.0.0.1:1' }
    const data = join(parent, 'no-monitor')
    const { code, err } = await supervisor(['--data', data, '--port', String(await freePort())], env).ended
    expect(err).toBe('jiaozi: NATS_URL needs NATS_MONITOR_URL beside it\n')
    expect(code).toBe(1)
  })
})

test('help says every option and ends well', async () => {
  const { code, out } = await supervisor(['--help']).ended
  for (const option of ['--shards', '--workers', '--runtime', '--port', '--data', '--region', 'DATABASE_URL']) {
    expect(out).toContain(option)
  }
  expect(code).toBe(0)
})

type Pids = Record<string, { pid: number; start: string }>

const running = (pids: Pids): string[] =>
  Object.entries(pids)
    .filter(([, { pid, start }]) => processStart(pid) === start)
    .map(([name]) => name)

const pidsIn = (dataDir: string): Pids => JSON.parse(readFileSync(join(dataDir, 'run/pids.json'), 'utf8')) as Pids

function runningIn(dataDir: string): Pids {
  const file = join(dataDir, 'run/pids.json')
  const pids = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Pids) : {}
  return Object.fromEntries(running(pids).map((name) => [name, pids[name]!]))
}

describe.skipIf(skipped !== undefined)('a region that runs', () => {
  let run: Run
  let data: string
  let port: number

  beforeAll(async () => {
    data = join(parent, 'region')
    port = await freePort()
    run = supervisor(['--data', data, '--port', String(port), '--shards', '2', '--workers', '2'])
    await run.said('is ready')
  }, readyTimeoutMs)

  test('names its folder in the commands to try, which look into .data otherwise', async () => {
    const out = await run.said('Ctrl-C stops everything')
    const named = `--data ${relative(process.cwd(), data)}`
    expect(out).toContain(`  npx jiaozi wallet open ${named}\n`)
    expect(out).toContain(`  npm run demo -- ${named}\n`)
  })

  test('keeps a second one from its data', async () => {
    const { code, err } = await supervisor(['--data', data, '--port', String(await freePort()), '--shards', '2']).ended
    expect(err).toBe(`jiaozi: ${data} is in use by process ${run.child.pid}\n`)
    expect(code).toBe(1)
  })

  test('keeps a second one from its port', async () => {
    const { code, err } = await supervisor(['--data', join(parent, 'other'), '--port', String(port)]).ended
    expect(err).toBe(`jiaozi: port ${port} is in use; choose another with --port\n`)
    expect(code).toBe(1)
  })

  test('ends every process on Ctrl-C, in order, and lets its data go', async () => {
    const pids = pidsIn(data)
    expect(running(pids).sort()).toEqual([
      'archiver',
      'connector',
      'development-issuer',
      'edge',
      'nats-server',
      'postgres',
      'projector',
      'sandbox-bank',
      'sandbox-central-bank',
      'webhooks',
      'worker-0',
      'worker-1',
    ])
    run.child.kill('SIGINT')
    const { code, out } = await run.ended
    expect(running(pids)).toEqual([])
    expect(out).toContain('stopping: draining what is under way')
    expect(code).toBe(0)
    for (const file of ['lock', 'run/pids.json', 'run/region.json']) expect(existsSync(join(data, file))).toBe(false)
  })
})

describe.skipIf(skipped !== undefined)('no process is left over', { timeout: readyTimeoutMs }, () => {
  let data: string
  let run: Run

  async function begin(name: string): Promise<void> {
    data = join(parent, name)
    run = supervisor(['--data', data, '--port', String(await freePort()), '--shards', '1', '--workers', '1'])
  }

  /** What the folder says of its processes while the start goes on, the last word before they are all gone. */
  async function endedBy(...signals: NodeJS.Signals[]): Promise<{ pids: Pids; code: number | null }> {
    const pids = pidsIn(data)
    for (const [i, signal] of signals.entries()) {
      if (i > 0) await run.said('stopping')
      run.child.kill(signal)
    }
    const { code } = await run.ended
    return { pids, code }
  }

  test('by SIGTERM in the middle of a start', async () => {
    await begin('half-started')
    await run.said('sandbox-bank')
    const { pids } = await endedBy('SIGTERM')
    expect(Object.keys(pids)).toContain('sandbox-bank')
    expect(running(pids)).toEqual([])
    expect(existsSync(join(data, 'lock'))).toBe(false)
  })

  test('by a second Ctrl-C, which waits for no drain', async () => {
    await begin('impatient')
    await run.said('is ready')
    const { pids, code } = await endedBy('SIGINT', 'SIGINT')
    expect(code).toBe(1)
    expect(await stillRunning(pids)).toEqual([])
  })

  test('by the end of its terminal', async () => {
    await begin('hung-up')
    await run.said('is ready')
    const { pids, code } = await endedBy('SIGHUP')
    expect(running(pids)).toEqual([])
    expect(code).toBe(0)
  })

  test('by a start after kill -9 of the supervisor: it ends what was left and has the region again', async () => {
    await begin('killed')
    await run.said('is ready')
    const { pids } = await endedBy('SIGKILL')
    expect(running(pids)).toContain('worker-0')
    run = supervisor(['--data', data, '--port', String(await freePort()), '--shards', '1', '--workers', '1'])
    await run.said('is ready')
    expect(running(pids)).toEqual([])
    const second = await endedBy('SIGTERM')
    expect(second.code).toBe(0)
    expect(running(second.pids)).toEqual([])
  })
})

describe.skipIf(skipped !== undefined)('a region goes on', { timeout: readyTimeoutMs }, () => {
  const one = ['--shards', '1', '--workers', '1']

  test('without a process that ends again and again, when payments do not need it', async () => {
    const data = join(parent, 'without-lists')
    const run = supervisor(['--data', data, '--port', String(await freePort()), ...one])
    await run.said('is ready')
    const killed = new Set<number>()
    let trouble = ''
    run.child.stderr?.on('data', (chunk: Buffer) => {
      trouble += chunk.toString()
    })
    while (!trouble.includes('projector ended 11 times within a minute') && run.child.exitCode === null) {
      const { pid } = pidsIn(data).projector!
      if (!killed.has(pid)) process.kill(pid, 'SIGKILL')
      killed.add(pid)
      await sleep(20)
    }
    expect(run.child.exitCode).toBeNull()
    expect(running(pidsIn(data))).toEqual(expect.arrayContaining(['edge', 'worker-0', 'nats-server']))
    run.child.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  test('when nothing can be written of what it says', async () => {
    const data = join(parent, 'unheard')
    const full = openSync('/dev/full', 'w')
    const args = [program, '--data', data, '--port', String(await freePort()), ...one]
    const child = spawn(process.execPath, args, { stdio: ['ignore', full, full] })
    closeSync(full)
    started.push(child)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    while (child.exitCode === null && !existsSync(join(data, 'run/region.json'))) await sleep(50)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

/** A process that was sent SIGKILL is gone a moment later, not at once. */
async function stillRunning(pids: Pids): Promise<string[]> {
  const deadlineMs = performance.now() + killedTimeoutMs
  while (running(pids).length > 0 && performance.now() < deadlineMs) await sleep(20)
  return running(pids)
}
