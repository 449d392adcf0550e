import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './freePort.ts'
import { buildGoTool, builtPath, type GoTool, onPath, pinnedToolsDir, versionOf } from './goTools.ts'

const toxiproxyVersion = '2.12.0'
const startTimeoutMs = 10_000
const stopTimeoutMs = 5_000
const requestTimeoutMs = 1_000
const tool: GoTool = {
  name: 'toxiproxy-server',
  program: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  ldflags: `-X github.com/Shopify/toxiproxy/v2.Version=${toxiproxyVersion}`,
  otherWays: 'put toxiproxy-server on PATH, or name it in TOXIPROXY_SERVER',
}

/**
 * Finds a toxiproxy-server: `TOXIPROXY_SERVER`, then PATH, then the pinned one, which is built once with Go.
 * @throws Error that lists the ways to get one.
 */
export async function ensureToxiproxy(
  options: { log?: (line: string) => void; toolsDir?: string } = {},
): Promise<string> {
  const toolsDir = options.toolsDir ?? pinnedToolsDir
  const named = process.env.TOXIPROXY_SERVER
  if (named) {
    if ((await versionOf(named)) !== undefined) return named
    throw new Error(`TOXIPROXY_SERVER names ${named}, which is no toxiproxy-server that runs`)
  }
  const built = builtPath(toolsDir, tool.name)
  for (const path of [onPath(tool.name), built]) {
    if (path && existsSync(path) && (await versionOf(path)) !== undefined) return path
  }
  await buildGoTool(toolsDir, tool, options.log ?? (() => undefined))
  return built
}

/** One proxied address: whoever dials `listen` reaches `upstream`, unless a fault is laid on it. */
export type ProxiedLink = { name: string; listen: string; upstream: string }

export type ToxiproxyProcess = {
  /** Of its API, by which faults are laid on links: see `toxiproxyClient.ts`. */
  url: string
  pid: number
  stop(): Promise<void>
  /** kill -9. */
  kill(): void
  exited: Promise<void>
}

/** Starts a toxiproxy on loopback with these links whole. It keeps nothing: started again it has no faults. */
export async function startToxiproxy(options: {
  dir: string
  links: readonly ProxiedLink[]
  port?: number
  log?: (line: string) => void
}): Promise<ToxiproxyProcess> {
  const path = await ensureToxiproxy(options.log === undefined ? {} : { log: options.log })
  const port = options.port ?? (await freePort())
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  const file = join(options.dir, 'links.json')
  writeFileSync(file, JSON.stringify(options.links.map((link) => ({ ...link, enabled: true }))), { mode: 0o600 })
  const args = ['-host', '127.0.0.1', '-port', String(port), '-config', file]
  const child = spawn(path, args, { stdio: 'ignore', detached: true })
  let ended = false
  const exited = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      ended = true
      resolve()
    }
    child.once('exit', onEnd)
    child.once('error', onEnd)
  })
  const proxy: ToxiproxyProcess = {
    url: `http://127.0.0.1:${port}`,
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
  await ready(proxy.url, options.links, () => ended).catch((error: unknown) => {
    proxy.kill()
    throw error
  })
  return proxy
}

async function ready(url: string, links: readonly ProxiedLink[], ended: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs
  while (performance.now() < deadlineMs) {
    if (ended()) throw new Error('toxiproxy-server ended at once: is one of its ports in use?')
    const answer = await fetch(`${url}/proxies`, { signal: AbortSignal.timeout(requestTimeoutMs) }).catch(
      () => undefined,
    )
    const proxies = answer?.ok ? ((await answer.json()) as Record<string, { enabled: boolean }>) : {}
    if (links.every(({ name }) => proxies[name]?.enabled)) return
    await sleep(25)
  }
  throw new Error(`toxiproxy-server was not ready within ${startTimeoutMs} ms`)
}
