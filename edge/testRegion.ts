import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NatsConnection } from '@nats-io/nats-core'
import { createKeyRing } from '../actors/log/fileKeyRing.ts'
import { connectNats } from '../actors/log/natsConnection.ts'
import { freePort } from '../deploy/freePort.ts'
import { type NatsProcess, startNatsServer } from '../deploy/natsServer.ts'
import { provisionStreams } from '../deploy/streams.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const region = 'a'
const readyWithinMs = 30_000
const logBytesMax = 256 * 1024 * 1024

/** A program of the region as a real process; its output is kept for the message when it fails. */
export class TestProcess {
  readonly #start: () => ChildProcess
  #child: ChildProcess
  #output = ''

  constructor(start: () => ChildProcess) {
    this.#start = start
    this.#child = this.#run()
  }

  #run(): ChildProcess {
    const child = this.#start()
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    return child
  }

  get output(): string {
    return this.#output
  }

  /** Ends the process at once, as a crash would, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    await gone
  }

  restart(): void {
    this.#child = this.#run()
  }

  exited(): Promise<number | null> {
    const child = this.#child
    if (child.exitCode !== null) return Promise.resolve(child.exitCode)
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  }
}

export type Principal = { readonly keyId: string; readonly privateKey: KeyObject }

/** One region of real processes on free loopback ports, in a folder of its own. */
export type TestRegion = {
  readonly dir: string
  readonly keysDir: string
  readonly natsUrl: string
  readonly monitorUrl: string
  readonly shardCount: number
  readonly nats: RestartableNats
  readonly workers: readonly TestProcess[]
  readonly connection: NatsConnection
  readonly institution: Principal
  readonly operator: Principal
  /** Starts one more program of ours with these settings. */
  run(script: string, settings: Record<string, unknown>): TestProcess
  close(): Promise<void>
}

/** Asks until `url` answers with success. @throws Error with the process's output when it does not in time. */
export async function untilReady(url: string, program: TestProcess, withinMs = readyWithinMs): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return
    if (performance.now() > deadlineMs) throw new Error(`${url} is not ready:\n${program.output}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function startTestRegion(shardCount = 2, workerCount = 1): Promise<TestRegion> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-edge-'))
  const keysDir = join(dir, 'keys')
  createKeyRing(keysDir, { shardCount })
  const natsDir = join(dir, 'nats')
  const server = await startNatsServer({ dir: natsDir })
  const { url: natsUrl, monitorUrl } = server
  const connection = await connectNats({ url: natsUrl }, { name: 'test', inboxPrefix: '_INBOX.test' })
  await provisionStreams(connection, { region, shardCount, logBytesMax })
  let count = 0
  const run = (script: string, settings: Record<string, unknown>): TestProcess => {
    const file = join(dir, `settings-${++count}.json`)
    writeFileSync(file, JSON.stringify(settings))
    const flags = 'Deno' in globalThis ? ['run', '-A'] : ['--no-warnings']
    return new TestProcess(() =>
      spawn(process.execPath, [...flags, join(root, script)], {
        env: { ...process.env, JIAOZI_SETTINGS: file },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }
  const institution = principal('institution:1')
  const operator = principal('operator:1')
  const shared = { region, shardCount, keysDir, nats: { url: natsUrl, monitorUrl }, logLevel: 'info' }
  await runGenesis(run, shared, institution, operator)
  const workers = await startWorkers(run, shared, shardCount, workerCount)
  const nats = restartable(natsDir, server)
  const close = async (): Promise<void> => {
    await connection.close()
    for (const worker of workers) await worker.kill()
    await nats.kill()
    rmSync(dir, { recursive: true, force: true })
  }
  const processes = { nats, workers, connection }
  return { dir, keysDir, natsUrl, monitorUrl, shardCount, ...processes, institution, operator, run, close }
}

/** The message server, which can be killed and started again on the same store and ports. */
export type RestartableNats = { kill(): Promise<void>; restart(): Promise<void> }

function restartable(dir: string, first: NatsProcess): RestartableNats {
  let server = first
  const port = Number(new URL(first.url).port)
  const monitorPort = Number(new URL(first.monitorUrl).port)
  return {
    async kill() {
      server.kill()
      await server.exited
    },
    async restart() {
      server = await startNatsServer({ dir, port, monitorPort })
    },
  }
}

function principal(keyId: string): Principal & { publicKeyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { keyId, privateKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

async function runGenesis(
  run: TestRegion['run'],
  shared: Record<string, unknown>,
  institution: { publicKeyPem: string },
  operator: { publicKeyPem: string },
): Promise<void> {
  const genesis = run('actors/host/genesisMain.ts', {
    ...shared,
    walletsMax: 4_096,
    idsMax: 16_384,
    institutionPublicKeyPem: institution.publicKeyPem,
    operatorPublicKeyPem: operator.publicKeyPem,
  })
  const code = await genesis.exited()
  if (code !== 0) throw new Error(`genesis failed (${code}):\n${genesis.output}`)
}

async function startWorkers(
  run: TestRegion['run'],
  shared: Record<string, unknown>,
  shardCount: number,
  workerCount: number,
): Promise<TestProcess[]> {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const workers: TestProcess[] = []
  for (let n = 0; n < workerCount; n++) {
    const statusPort = await freePort()
    const preferredShards = shards.filter((shard) => shard % workerCount === n)
    const own = { role: 'worker', workerId: `w${n}`, preferredShards, statusPort, snapshotEveryMs: 5_000 }
    const worker = run('actors/host/main.ts', { ...shared, ...own })
    workers.push(worker)
    await untilReady(`http://127.0.0.1:${statusPort}/readyz`, worker)
  }
  return workers
}
