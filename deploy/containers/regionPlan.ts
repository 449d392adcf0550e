import { join } from 'node:path'
import { passwordsAt } from '../supervisor/installationKeys.ts'
import type { StartOptions } from '../supervisor/options.ts'
import { type RegionPlan, statusNames } from '../supervisor/plan.ts'
import type { Secrets } from '../supervisor/secrets.ts'

export const shards = 4
export const workers = 2
export const natsPort = 4222
export const monitorPort = 8222
export const leafPort = 7422
const statusPort = 9100
const farSidePort = 8080
const edgePort = 8443
const autoTakeoverMs = 10_000

type Tls = { certFile: string; keyFile: string }

export function optionsOf(data: string, region: string, regions: 1 | 2): StartOptions {
  const size = { shards, workers, runtime: 'node', snapshotSeconds: 60 } as const
  return { ...size, data, region, regions, port: edgePort, secondPort: edgePort, autoTakeoverMs, link: 'direct' }
}

/** Each container has a loopback of its own: the same ports serve everywhere. */
function place(secrets: Secrets, tls: Tls, prefix: string, farSide: string): Omit<RegionPlan, 'options' | 'secrets'> {
  return {
    nats: {
      url: `nats://${prefix}nats:${natsPort}`,
      monitorUrl: `http://${prefix}nats:${monitorPort}`,
      withUsers: true,
    },
    databaseUrl: `postgres://jiaozi:${secrets.postgres}@${prefix}postgres:5432/jiaozi`,
    certFile: tls.certFile,
    keyFile: tls.keyFile,
    ports: {
      bank: farSidePort,
      centralBank: farSidePort,
      status: Object.fromEntries(statusNames(workers).map((name) => [name, statusPort])),
    },
    loopbackCallbacks: false,
    hosts: { bank: `${farSide}sandbox-bank`, centralBank: `${farSide}sandbox-central-bank`, listen: '0.0.0.0' },
  }
}

export function loneRegionPlan(data: string, secrets: Secrets, tls: Tls): RegionPlan {
  return { options: optionsOf(data, 'a', 1), secrets, ...place(secrets, tls, '', '') }
}

/** One of two regions, whose services are named by its letter; what both share by `pair`. */
export function pairedRegionPlan(data: string, secrets: Secrets, tls: Tls, region: 'a' | 'b'): RegionPlan {
  const peer = region === 'a' ? 'b' : 'a'
  return {
    options: optionsOf(join(data, region), region, 2),
    secrets: { ...secrets, nats: passwordsAt(region, secrets) },
    ...place(secrets, tls, `${region}-`, 'pair-'),
    pair: {
      peer,
      keysDir: join(data, 'keys'),
      witness: { url: `nats://w-nats:${natsPort}`, monitorUrl: `http://w-nats:${monitorPort}` },
      witnessPasswords: passwordsAt('w', secrets),
      peerProbeUrl: `http://${peer}-nats:${monitorPort}/healthz`,
    },
  }
}
