import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { coarseTimers } from './coarseTimers.ts'
import { freePort } from './freePort.ts'
import { buildGoTool, builtPath, type GoTool, onPath, pinnedToolsDir, versionAtLeast, versionOf } from './goTools.ts'

/** Before it, fsync errors and corrupt metadata could lose acknowledged frames without a word. */
export const natsVersionMin = '2.14.7'
/** One that gives no sign of life for so long is given up. */
const silentMsMaxUsual = 15_000
/** One that was killed looks through its whole store before it is healthy, and says until then that it is not: 1 s for 0.7 GB. */
const startTimeoutMs = 30 * 60_000
const stopTimeoutMs = 15_000
const tool: GoTool = {
  name: 'nats-server',
  program: 'github.com/nats-io/nats-server/v2',
  otherWays: `put nats-server >= ${natsVersionMin} on PATH, or name it in NATS_SERVER`,
}

export type NatsServerBinary = { path: string; version: string }

/**
 * Finds a nats-server that may hold money: `NATS_SERVER`, then PATH, then the pinned one, which is built once with Go.
 * @throws Error that lists the ways to get one.
 */
export async function ensureNatsServer(
  options: { log?: (line: string) => void; toolsDir?: string } = {},
): Promise<NatsServerBinary> {
  const toolsDir = options.toolsDir ?? pinnedToolsDir
  const built = builtPath(toolsDir, tool.name)
  const named = process.env.NATS_SERVER
  if (named) {
    const version = await versionOf(named)
    if (version === undefined) throw new Error(`NATS_SERVER names ${named}, which is no nats-server that runs`)
    if (!versionAtLeast(version, natsVersionMin)) throw new Error(tooOld(named, version))
    return { path: named, version }
  }
  for (const path of [onPath(tool.name), built]) {
    const version = path && existsSync(path) ? await versionOf(path) : undefined
    if (path && version !== undefined && versionAtLeast(version, natsVersionMin)) return { path, version }
  }
  await buildGoTool(toolsDir, tool, options.log ?? (() => undefined))
  const version = await versionOf(built)
  if (version === undefined) throw new Error('the nats-server that was built does not run')
  return { path: built, version }
}

function tooOld(path: string, version: string): string {
  return `nats-server ${version} at ${path} is too old: at least ${natsVersionMin} is needed`
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
  /** For tests: how long it may give no sign of life. */
  silentMsMax?: number
}): Promise<NatsProcess> {
  const { path } = await ensureNatsServer()
  const port = options.port ?? (await freePort())
  const monitorPort = options.monitorPort ?? (await freePort())
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  const file = join(options.dir, 'nats.conf')
  writeFileSync(file, options.config ?? plainConfig(options.dir, port, monitorPort), { mode: 0o600 })
  const { command, args } = coarseTimers(path, ['-c', file])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let lastLines = ''
  child.stderr.on('data', (chunk: Buffer) => {
    lastLines = (lastLines + chunk.toString()).slice(-2_000)
    for (const line of chunk.toString().trimEnd().split('\n')) options.log?.(line)
  })
  let ended = false
  const exited = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      ended = true
      resolve()
    }
    child.once('exit', onEnd)
    // The machine had no process or file to give: nothing else is heard of it then.
    child.on('error', (error) => {
      lastLines = error.message
      if (child.pid === undefined) onEnd()
    })
  })
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
  const watched = { ended: () => ended, lastLine: () => lastLines.trim().split('\n').at(-1) ?? '' }
  await healthy(server.monitorUrl, watched, options.silentMsMax ?? silentMsMaxUsual).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return server
}

async function healthy(
  monitorUrl: string,
  { ended, lastLine }: { ended: () => boolean; lastLine: () => string },
  silentMsMax: number,
): Promise<void> {
  const beganMs = performance.now()
  let heardMs = beganMs
  while (performance.now() - heardMs < silentMsMax && performance.now() - beganMs < startTimeoutMs) {
    if (ended()) throw new Error(`nats-server ended at once: ${lastLine()}`)
    const response = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    if (response !== undefined) heardMs = performance.now()
    await sleep(25)
  }
  const ms = Math.round(performance.now() - beganMs)
  throw new Error(`nats-server was not healthy within ${ms} ms: ${lastLine()}`)
}
