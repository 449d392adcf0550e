import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createKeyRing } from '../../actors/log/fileKeyRing.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { freePort } from '../../deploy/freePort.ts'
import { renderNatsConfig } from '../../deploy/natsConfig.ts'
import { ensureNatsServer, startNatsServer } from '../../deploy/natsServer.ts'
import { provisionStreams } from '../../deploy/streams.ts'
import { Child } from '../../deploy/supervisor/child.ts'
import type { StartOptions } from '../../deploy/supervisor/options.ts'
import {
  childPlan,
  edgePlan,
  followerPlans,
  genesisPlan,
  natsAccess,
  natsUsersOf,
  type ProcessPlan,
  type RegionPlan,
  statusNames,
  workerPlans,
} from '../../deploy/supervisor/plan.ts'
import { ensureIdentity, ensureSecrets } from '../../deploy/supervisor/secrets.ts'
import { type Kept, startBound } from './boundProgram.ts'

const logBytesMax = 64 * 1024 ** 3
const storeBytesMax = 512 * 1024 ** 3
const logBytesKept = 64 * 1024 ** 2
const archiveBytesMax = 1024 ** 3
const trimEveryMs = 2_000

export type CoreRegion = {
  readonly dataDir: string
  /** Of the processes, by name: nats-server, worker-0 and so on. */
  readonly pids: Readonly<Record<string, number>>
  stop(): Promise<void>
}

export type CoreRegionOptions = Pick<StartOptions, 'shards' | 'workers' | 'runtime' | 'snapshotSeconds'> & {
  archiver?: boolean
}
type CoreRegionFacts = Pick<CoreRegion, 'dataDir' | 'pids'>

/**
 * The part of a region that a payment between two wallets needs to be completed: message server and workers, as
 * `npm start` plans them, without edge, database and banks. For the rows that measure the log itself. It ends with this
 * program, however this one ends.
 */
export async function startCoreRegion(options: CoreRegionOptions): Promise<CoreRegion> {
  const { facts, stop } = await startBound<CoreRegionFacts>('coreRegionMain.ts', options)
  return { ...facts, stop }
}

/** Starts it in this process. @param giveUp told when a process of it cannot be kept running */
export async function keepCoreRegion(
  asked: CoreRegionOptions,
  giveUp: (why: string) => void,
): Promise<Kept<CoreRegionFacts>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'jiaozi-core-'))
  for (const folder of ['run', 'log']) mkdirSync(join(dataDir, folder), { mode: 0o700 })
  const ended: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of ended.reverse()) await end()
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const options: StartOptions = { ...asked, data: dataDir, region: 'a', port: 0 } as StartOptions
    const plan = await planOf(options)
    const nats = await startNats(plan)
    ended.push(() => nats.stop())
    await prepareLogs(plan)
    // Who speaks to the logs as edge, connector or projector finds here how.
    for (const one of [edgePlan(plan), ...followerPlans(plan)]) childPlan(plan, one)
    const archiver = asked.archiver === true ? [archiverPlan(plan)] : []
    const workers = [...workerPlans(plan), ...archiver].map((one) => childOf(plan, one, giveUp))
    ended.push(() => Promise.all(workers.map((worker) => worker.stop())))
    for (const worker of workers) worker.start()
    await Promise.all(workers.map((worker) => worker.ready()))
    const pids = Object.fromEntries(workers.map((worker) => [worker.plan.name, worker.pid!]))
    return { facts: { dataDir, pids: { 'nats-server': nats.pid, ...pids } }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function planOf(options: StartOptions): Promise<RegionPlan> {
  const keysDir = join(options.data, 'keys')
  createKeyRing(keysDir, { shardCount: options.shards })
  const users = natsUsersOf(options.workers).map(({ user }) => user)
  const status: Record<string, number> = {}
  for (const name of statusNames(options.workers)) status[name] = await freePort()
  return {
    options,
    secrets: ensureSecrets(keysDir, users),
    nats: { url: '', monitorUrl: '', withUsers: true },
    databaseUrl: '',
    certFile: '',
    keyFile: '',
    ports: { bank: 0, centralBank: 0, status },
    loopbackCallbacks: true,
    hosts: { bank: '127.0.0.1', centralBank: '127.0.0.1', listen: '127.0.0.1' },
  }
}

async function startNats(plan: RegionPlan): ReturnType<typeof startNatsServer> {
  const { data, region, shards, workers } = plan.options
  await ensureNatsServer()
  const [port, monitorPort] = [await freePort(), await freePort()]
  const dir = join(data, 'nats')
  const users = natsUsersOf(workers, plan.secrets.nats)
  const base = { region, shardCount: shards, host: '127.0.0.1', port, monitorPort, storeDir: dir }
  const server = await startNatsServer({
    dir,
    config: renderNatsConfig({ ...base, storeBytesMax, users }),
    port,
    monitorPort,
  })
  plan.nats.url = server.url
  plan.nats.monitorUrl = server.monitorUrl
  return server
}

async function prepareLogs(plan: RegionPlan): Promise<void> {
  const { data, region, shards } = plan.options
  const admin = await connectNats(natsAccess(plan, 'admin') as { url: string }, {
    name: 'bench',
    inboxPrefix: '_INBOX.admin',
  })
  await provisionStreams(admin, { region, shardCount: shards, logBytesMax })
  await admin.close()
  const keysDir = join(data, 'keys')
  const operator = ensureIdentity(keysDir, 'operator').publicKeyPem
  const institution = ensureIdentity(keysDir, 'institution').publicKeyPem
  const { command, args, env } = childPlan(plan, genesisPlan(plan, { operator, institution }))
  await promisify(execFile)(command, [...args], { env: { ...process.env, ...env } })
}

/** The archiver of a region without a database, which keeps little, so that a long run needs little of the disk. */
function archiverPlan(plan: RegionPlan): ProcessPlan {
  const archiver = followerPlans(plan).find(({ name }) => name === 'archiver')!
  const { databaseUrl: _, ...settings } = archiver.settings
  return { ...archiver, settings: { ...settings, logBytesKept, archiveBytesMax, trimEveryMs } }
}

function childOf(plan: RegionPlan, process: ProcessPlan, giveUp: (why: string) => void): Child {
  return new Child(childPlan(plan, process), (reason) => {
    giveUp(`${process.name} cannot be kept running: ${reason}`)
    return 'give up'
  })
}
