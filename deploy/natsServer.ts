import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const pinnedToolsDir = join(import.meta.dirname, 'tools')
/** Before it, fsync errors and corrupt metadata could lose acknowledged frames without a word. */
export const natsVersionMin = '2.14.7'
const goVersionMin = '1.26.0'
const buildTimeoutMs = 600_000
const startTimeoutMs = 15_000
const stopTimeoutMs = 15_000

export type NatsServerBinary = { path: string; version: string }

/** True when dotted version `a` is at least `b`; what follows a hyphen does not count. */
export function versionAtLeast(a: string, b: string): boolean {
  const numbers = (text: string): number[] => text.split('-')[0]!.split('.').map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0)
  return true
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    return /v(\d+\.\d+\.\d+\S*)/.exec((await run(path, ['--version'])).stdout)?.[1]
  } catch {
    return undefined
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * Finds a nats-server that may hold money: `NATS_SERVER`, then PATH, then the pinned one, which is built once with Go.
 * @throws Error that lists the ways to get one.
 */
export async function ensureNatsServer(
  options: { log?: (line: string) => void; toolsDir?: string } = {},
): Promise<NatsServerBinary> {
  const toolsDir = options.toolsDir ?? pinnedToolsDir
  const builtPath = join(toolsDir, 'bin', 'nats-server')
  const named = process.env.NATS_SERVER
  if (named) {
    const version = await versionOf(named)
    if (version === undefined) throw new Error(`NATS_SERVER names ${named}, which is no nats-server that runs`)
    if (!versionAtLeast(version, natsVersionMin)) throw new Error(tooOld(named, version))
    return { path: named, version }
  }
  for (const path of [onPath('nats-server'), builtPath]) {
    const version = path && existsSync(path) ? await versionOf(path) : undefined
    if (path && version !== undefined && versionAtLeast(version, natsVersionMin)) return { path, version }
  }
  await build(toolsDir, builtPath, options.log ?? (() => undefined))
  const version = await versionOf(builtPath)
  if (version === undefined) throw new Error('the nats-server that was built does not run')
  return { path: builtPath, version }
}

function tooOld(path: string, version: string): string {
  return `nats-server ${version} at ${path} is too old: at least ${natsVersionMin} is needed`
}

async function build(toolsDir: string, builtPath: string, log: (line: string) => void): Promise<void> {
  const go = onPath('go')
  const goVersion = go && /go(\d+\.\d+(\.\d+)?)/.exec((await run(go, ['env', 'GOVERSION'])).stdout)?.[1]
  if (!go || !goVersion || !versionAtLeast(goVersion, goVersionMin)) {
    const ways = `put nats-server >= ${natsVersionMin} on PATH, or name it in NATS_SERVER, or install Go >= 1.26`
    throw new Error(`no nats-server was found and Go >= 1.26 is not here to build it: ${ways}`)
  }
  log('building nats-server (once, about a minute)')
  mkdirSync(join(toolsDir, 'bin'), { recursive: true })
  // Built aside and moved in place, so that two starts at once never run half a file.
  const aside = mkdtempSync(join(toolsDir, 'bin', '.build-'))
  try {
    const output = join(aside, 'nats-server')
    const args = ['build', '-trimpath', '-ldflags=-s -w', '-o', output, 'github.com/nats-io/nats-server/v2']
    await run(go, args, { cwd: toolsDir, timeout: buildTimeoutMs })
    renameSync(output, builtPath)
  } catch (error) {
    throw new Error(`nats-server could not be built: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** A port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

export type NatsProcess = {
  url: string
  monitorUrl: string
  pid: number
  /** Ends it in order: what was acknowledged is on the disk either way. */
  stop(): Promise<void>
  /** kill -9. */
  kill(): void
  /** Resolves when the process has ended, by whatever cause. */
  exited: Promise<void>
}

/** The least that a log's server needs: every acknowledgement is synced. */
function plainConfig(dir: string, port: number, monitorPort: number): string {
  return [
    `listen: 127.0.0.1:${port}`,
    `http: 127.0.0.1:${monitorPort}`,
    'max_payload: 2MB',
    `jetstream { store_dir: "${dir}/jetstream", sync_interval: always, domain: a, max_file_store: 20GB }`,
  ].join('\n')
}

/** Starts a server on loopback with its store in `dir` and waits until it is healthy. */
export async function startNatsServer(options: {
  dir: string
  config?: string
  port?: number
  monitorPort?: number
  log?: (line: string) => void
}): Promise<NatsProcess> {
  const { path } = await ensureNatsServer()
  const port = options.port ?? (await freePort())
  const monitorPort = options.monitorPort ?? (await freePort())
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  const file = join(options.dir, 'nats.conf')
  writeFileSync(file, options.config ?? plainConfig(options.dir, port, monitorPort), { mode: 0o600 })
  const child = spawn(path, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let lastLines = ''
  child.stderr.on('data', (chunk: Buffer) => {
    lastLines = (lastLines + chunk.toString()).slice(-2_000)
    for (const line of chunk.toString().trimEnd().split('\n')) options.log?.(line)
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const server: NatsProcess = {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    pid: child.pid ?? 0,
    exited,
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM')
      const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      await exited
      clearTimeout(overdue)
    },
  }
  await healthy(
    server.monitorUrl,
    () => child.exitCode !== null,
    () => lastLines,
  ).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return server
}

async function healthy(monitorUrl: string, ended: () => boolean, lastLines: () => string): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs
  while (performance.now() < deadlineMs) {
    if (ended()) throw new Error(`nats-server ended at once: ${lastLines().trim().split('\n').at(-1)}`)
    const response = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await sleep(25)
  }
  throw new Error(`nats-server was not healthy within ${startTimeoutMs} ms: ${lastLines().trim().split('\n').at(-1)}`)
}
