import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../natsServer.ts'
import { processStart } from './dataFolder.ts'

const program = join(import.meta.dirname, 'main.ts')
const skipped = process.env.JIAOZI_SKIP_NATS
const readyTimeoutMs = 45_000

type Ended = { code: number | null; out: string; err: string }
type Run = { child: ChildProcess; said(text: string): Promise<void>; ended: Promise<Ended> }

let parent: string
const started: ChildProcess[] = []

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'jiaozi-supervisor-'))
})

afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  for (const { pid } of Object.values(runningIn(join(parent, 'region')))) process.kill(pid, 'SIGKILL')
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
    new Promise<void>((resolve, reject) => {
      const look = () => text.out.includes(what) && resolve()
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
    const pids = JSON.parse(readFileSync(join(data, 'run/pids.json'), 'utf8')) as Pids
    expect(running(pids).sort()).toEqual([
      'connector',
      'edge',
      'nats-server',
      'postgres',
      'projector',
      'sandbox-bank',
      'sandbox-central-bank',
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
