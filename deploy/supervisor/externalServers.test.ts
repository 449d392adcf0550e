import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../freePort.ts'
import { type NatsProcess, startNatsServer } from '../natsServer.ts'
import { type PostgresProcess, startPostgres } from '../postgres.ts'

const root = join(import.meta.dirname, '../..')
const skipped = process.env.JIAOZI_SKIP_NATS
const timeoutMs = 150_000

/** Servers that somebody else started, and a region on them whose processes run on Deno. */
describe.skipIf(skipped !== undefined)('a region on servers of its owner, under Deno', { timeout: timeoutMs }, () => {
  let parent: string
  let data: string
  let nats: NatsProcess | undefined
  let postgres: PostgresProcess | undefined
  let region: ChildProcess
  let said = ''
  let ended: Promise<number | null>

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'jiaozi-external-'))
    data = join(parent, 'data')
    nats = await startNatsServer({ dir: join(parent, 'nats') })
    postgres = await startPostgres({
      dir: join(parent, 'postgres', 'pg'),
      port: await freePort(),
      password: 'external',
      database: 'external',
    })
    const options = ['--port', String(await freePort()), '--shards', '2', '--workers', '1', '--runtime', 'deno']
    region = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--data', data, ...options], {
      env: { ...process.env, NATS_URL: nats.url, NATS_MONITOR_URL: nats.monitorUrl, DATABASE_URL: postgres.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    ended = new Promise((resolve) => region.once('exit', resolve))
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('is ready')) resolve()
      }
      region.stdout?.on('data', listen)
      region.stderr?.on('data', listen)
      void ended.then(() => reject(new Error(`the region ended: ${said}`)))
    })
  }, timeoutMs)

  afterAll(async () => {
    region?.kill('SIGTERM')
    await ended
    await Promise.all([nats?.stop(), postgres?.stop()])
    rmSync(parent, { recursive: true, force: true })
  }, timeoutMs)

  test('starts no server of its own', () => {
    const facts = JSON.parse(readFileSync(join(data, 'run/region.json'), 'utf8')) as {
      pids: object
      databaseUrl: string
      nats: { url: string }
    }
    expect(Object.keys(facts.pids)).not.toContain('nats-server')
    expect(Object.keys(facts.pids)).not.toContain('postgres')
    expect(facts).toMatchObject({ databaseUrl: postgres!.url, nats: { url: nats!.url } })
  })

  test('completes payments, and agrees with both servers to the fen', async () => {
    const report = join(parent, 'demo.json')
    const size = ['--limit', '20', '--accounts', '6', '--concurrency', '4', '--json', report]
    const demo = spawn(process.execPath, [join(root, 'load/demo/main.ts'), '--data', data, ...size], {
      stdio: 'ignore',
    })
    expect(await new Promise((resolve) => demo.once('exit', resolve))).toBe(0)
    const { verdict, figures } = JSON.parse(readFileSync(report, 'utf8')) as {
      verdict: string
      figures: Record<string, number>
    }
    expect(figures['payments.completed']).toBeGreaterThan(0)
    expect({ verdict, fen: figures['difference.fen'], wallets: figures['wallets.differing'] }).toEqual({
      verdict: 'pass',
      fen: 0,
      wallets: 0,
    })
  })

  test('leaves the servers running when it ends', async () => {
    region.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect((await fetch(`${nats!.monitorUrl}/healthz`)).ok).toBe(true)
    expect(() => process.kill(postgres!.pid, 0)).not.toThrow()
  })
})
