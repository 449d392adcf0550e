import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runMain } from '../../actors/log/process.ts'
import { type LeafEnd, renderNatsConfig, renderWitnessConfig } from '../natsConfig.ts'
import { firstOwner } from '../ownerRecords.ts'
import { writeDurably } from '../supervisor/dataFolder.ts'
import { passwordsAt, prepareShared, type Shared } from '../supervisor/installationKeys.ts'
import {
  edgePlan,
  followerPlans,
  genesisPlan,
  idOf,
  natsAccess,
  natsUsersOf,
  type RegionPlan,
  sandboxPlans,
  witnessUsersOf,
  workerPlans,
  writeSettings,
} from '../supervisor/plan.ts'
import {
  leafPort,
  loneRegionPlan,
  monitorPort,
  natsPort,
  optionsOf,
  pairedRegionPlan,
  shards,
  workers,
} from './regionPlan.ts'

const logBytesMax = 4 * 1024 ** 3
/** For leases and snapshots, beside the logs. */
const otherBytesMax = 8 * 1024 ** 3
const witnessBytesMax = 256 * 1024 ** 2
const folders = ['keys', 'run', 'archive', 'projector', 'sandbox']

/** Settings of a region's processes, and its message server's configuration. */
function prepareRegion(plan: RegionPlan, { identities }: Shared, end?: LeafEnd): void {
  const { data, region } = plan.options
  const { pair } = plan
  mkdirSync(join(data, 'run'), { recursive: true, mode: 0o700 })
  const operator = identities.operator.publicKeyPem
  const institution = identities.institution.publicKeyPem
  const own = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => firstOwner(shard) === region)
  const genesis = genesisPlan(plan, { operator, institution }, pair === undefined ? undefined : own)
  for (const { name, settings } of [...workerPlans(plan), ...followerPlans(plan), edgePlan(plan), genesis]) {
    writeSettings(plan, name, settings)
  }
  const logs = pair === undefined ? shards : 2 * shards
  const config = renderNatsConfig({
    region,
    shardCount: shards,
    host: '0.0.0.0',
    port: natsPort,
    monitorPort,
    storeDir: pair === undefined ? '/data/nats' : `/data/${region}/nats`,
    storeBytesMax: logs * logBytesMax + otherBytesMax,
    users: natsUsersOf(workers, plan.secrets.nats, idOf(plan)),
    ...(pair === undefined || end === undefined ? {} : { link: { peer: pair.peer, end } }),
  })
  writeDurably(join(data, 'run', 'nats.conf'), config)
}

const streamsOf = (plan: RegionPlan) => ({
  region: plan.options.region,
  shardCount: shards,
  logBytesMax,
  nats: natsAccess(plan, 'admin'),
})

function prepareLone(data: string, shared: Shared): void {
  const plan = loneRegionPlan(data, shared.secrets, shared)
  prepareRegion(plan, shared)
  for (const { name, settings } of sandboxPlans(plan)) writeSettings(plan, name, settings)
  writeSettings(plan, 'provision', { regions: [streamsOf(plan)] })
}

/** Two regions with their witness. Between containers there is no proxy: region b dials region a itself. */
function preparePair(data: string, shared: Shared): void {
  const [a, b] = (['a', 'b'] as const).map((region) => pairedRegionPlan(data, shared.secrets, shared, region)) as [
    RegionPlan,
    RegionPlan,
  ]
  const leaf = { user: 'leaf-b', password: shared.secrets.nats['leaf-b']! }
  prepareRegion(a, shared, { ...leaf, listenPort: leafPort })
  prepareRegion(b, shared, { ...leaf, dialUrl: `nats-leaf://a-nats:${leafPort}` })
  const root = { options: optionsOf(data, 'a', 2) }
  for (const { name, settings } of sandboxPlans({ ...a, ...root })) writeSettings(root, name, settings)
  const passwords = passwordsAt('w', shared.secrets)
  const witness = { ...a.pair!.witness, user: 'admin', password: passwords.admin! }
  writeSettings(root, 'provision', { regions: [streamsOf(a), streamsOf(b)], witness })
  const config = renderWitnessConfig({
    host: '0.0.0.0',
    port: natsPort,
    monitorPort,
    storeDir: '/data/w',
    storeBytesMax: witnessBytesMax,
    users: witnessUsersOf(workers, passwords),
  })
  writeDurably(join(data, 'run', 'witness.conf'), config)
}

/**
 * First container of an installation: makes keys, passwords, certificates, the message servers' configuration and the
 * settings of every process, in the volumes that the others mount. What exists already stays.
 */
runMain('prepare', async () => {
  const data = resolve(process.env.JIAOZI_DATA ?? '/data')
  const regions = process.env.JIAOZI_REGIONS === '2' ? 2 : 1
  for (const folder of folders) mkdirSync(join(data, folder), { recursive: true, mode: 0o700 })
  const hosts = regions === 2 ? ['a-edge', 'b-edge'] : ['edge']
  const shared = await prepareShared(optionsOf(data, 'a', regions), hosts)
  if (regions === 2) preparePair(data, shared)
  else prepareLone(data, shared)
  writeDurably(join(data, 'run', 'postgres-password'), shared.secrets.postgres)
})
