import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumFile } from '../chromium.ts'
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

  /** Plays the demo through the region. @returns what it says, and what it reports of itself */
  async function demo(name: string, size: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const report = join(parent, `${name}.json`)
    const args = [join(root, 'load/demo/main.ts'), '--data', data, ...size, '--json', report]
    const playing = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [playing.stdout, playing.stderr]) stream.on('data', (chunk: Buffer) => (text += String(chunk)))
    const code = await new Promise((resolve) => playing.once('close', resolve))
    expect({ code, text }).toMatchObject({ code: 0 })
    const { verdict, figures } = JSON.parse(readFileSync(report, 'utf8')) as {
      verdict: string
      figures: Record<string, number>
    }
    return { verdict, figures, text }
  }

  test('completes payments, and agrees with both servers to the fen', async () => {
    const { verdict, figures } = await demo('town', ['--limit', '20', '--accounts', '6', '--concurrency', '4'])
    expect(figures['payments.completed']).toBeGreaterThan(0)
    expect({ verdict, fen: figures['difference.fen'], wallets: figures['wallets.differing'] }).toEqual({
      verdict: 'pass',
      fen: 0,
      wallets: 0,
    })
  })

  test('sells in a shop: by code, page and passkey where there is a browser, and by key', async () => {
    const { verdict, figures } = await demo('shop', ['--shop', '--orders', '5', '--browser-orders', '2'])
    expect({ verdict, figures }).toEqual({
      verdict: 'pass',
      figures: {
        'orders.paid': 5,
        'browser.orders': chromiumFile === undefined ? 0 : 2,
        'browser.faults': 0,
        'webhooks.delivered': 7,
        'webhooks.wrong': 0,
        'refunds.completed': 2,
        'till.difference.fen': 0,
        'difference.fen': 0,
      },
    })
  })

  test('sells in a shop by key alone where there is no browser, and says so', async () => {
    const size = ['--shop', '--orders', '2']
    const { verdict, figures, text } = await demo('keys', size, { ...process.env, PATH: parent })
    expect({ verdict, paid: figures['orders.paid'], inBrowser: figures['browser.orders'] }).toEqual({
      verdict: 'pass',
      paid: 2,
      inBrowser: 0,
    })
    expect(text.split('\n').filter((line) => line.startsWith('browser '))).toHaveLength(1)
  })

  test('leaves the servers running when it ends', async () => {
    region.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect((await fetch(`${nats!.monitorUrl}/healthz`)).ok).toBe(true)
    expect(() => process.kill(postgres!.pid, 0)).not.toThrow()
  })
})
