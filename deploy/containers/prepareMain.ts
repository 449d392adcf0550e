import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createKeyRing, hasKeyRing } from '../../actors/log/fileKeyRing.ts'
import { runMain } from '../../actors/log/process.ts'
import { ensureCertificates } from '../certificates.ts'
import { renderNatsConfig } from '../natsConfig.ts'
import { writeDurably } from '../supervisor/dataFolder.ts'
import type { StartOptions } from '../supervisor/options.ts'
import {
  edgePlan,
  followerPlans,
  genesisPlan,
  natsAccess,
  natsUsersOf,
  type RegionPlan,
  sandboxPlans,
  statusNames,
  workerPlans,
  writeSettings,
} from '../supervisor/plan.ts'
import { ensureIdentity, ensureSecrets, type Secrets } from '../supervisor/secrets.ts'

const shards = 4
const workers = 2
const logBytesMax = 4 * 1024 ** 3
/** For leases and snapshots, beside the logs. */
const otherBytesMax = 8 * 1024 ** 3
const natsPort = 4222
const monitorPort = 8222
const statusPort = 9100
const farSidePort = 8080
const folders = ['keys', 'run', 'archive', 'projector', 'sandbox']

function planOf(data: string, secrets: Secrets, tls: { certFile: string; keyFile: string }): RegionPlan {
  const options: StartOptions = {
    shards,
    workers,
    runtime: 'node',
    port: 8443,
    data,
    region: 'a',
    regions: 1,
    secondPort: 8444,
    autoTakeoverMs: 0,
    snapshotSeconds: 60,
  }
  return {
    options,
    secrets,
    nats: { url: `nats://nats:${natsPort}`, monitorUrl: `http://nats:${monitorPort}`, withUsers: true },
    databaseUrl: `postgres://jiaozi:${secrets.postgres}@postgres:5432/jiaozi`,
    ...tls,
    // Each container has a loopback of its own.
    ports: {
      bank: farSidePort,
      centralBank: farSidePort,
      status: Object.fromEntries(statusNames(workers).map((name) => [name, statusPort])),
    },
    hosts: { bank: 'sandbox-bank', centralBank: 'sandbox-central-bank', listen: '0.0.0.0' },
  }
}

/**
 * First container of a region: makes keys, passwords, certificates, the message server's configuration and the settings
 * of every process, in the volumes that the others mount. What exists already stays.
 */
runMain('prepare', async () => {
  const data = resolve(process.env.JIAOZI_DATA ?? '/data')
  for (const folder of folders) mkdirSync(join(data, folder), { recursive: true, mode: 0o700 })
  const keysDir = join(data, 'keys')
  if (!hasKeyRing(keysDir)) createKeyRing(keysDir, { shardCount: shards })
  const names = natsUsersOf(workers).map(({ user }) => user)
  const secrets = ensureSecrets(keysDir, names)
  const operator = ensureIdentity(keysDir, 'operator').publicKeyPem
  const institution = ensureIdentity(keysDir, 'institution').publicKeyPem
  const plan = planOf(data, secrets, ensureCertificates(join(keysDir, 'tls'), Date.now(), ['edge']))
  const processes = [...workerPlans(plan), ...followerPlans(plan), edgePlan(plan), ...sandboxPlans(plan)]
  for (const { name, settings } of [...processes, genesisPlan(plan, { operator, institution })]) {
    writeSettings(plan, name, settings)
  }
  const { region } = plan.options
  writeSettings(plan, 'provision', { region, shardCount: shards, logBytesMax, nats: natsAccess(plan, 'admin') })
  const config = renderNatsConfig({
    region,
    shardCount: shards,
    host: '0.0.0.0',
    port: natsPort,
    monitorPort,
    storeDir: '/data/nats',
    storeBytesMax: shards * logBytesMax + otherBytesMax,
    users: natsUsersOf(workers, secrets.nats),
  })
  writeDurably(join(data, 'run', 'nats.conf'), config)
  writeDurably(join(data, 'run', 'postgres-password'), secrets.postgres)
})
