import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { answerMirrorResets } from '../actors/log/mirrorResets.ts'
import { connectNats } from '../actors/log/natsConnection.ts'
import { type RestartableNats, startRestartableNats } from '../actors/log/restartableNats.ts'
import { freePort } from './freePort.ts'
import { type LeafEnd, renderNatsConfig } from './natsConfig.ts'
import type { NatsRole, NatsUser } from './natsPermissions.ts'
import { startToxiproxy, type ToxiproxyProcess } from './toxiproxy.ts'
import { type LinkControl, linkControl } from './toxiproxyClient.ts'

const storeBytesMax = 4 * 1024 ** 3
const roles: readonly NatsRole[] = [
  'admin',
  'archiver',
  'edge',
  'worker',
  'projector',
  'connector',
  'webhooks',
  'operator',
]

/**
 * The message servers of two regions, joined by one link that can be cut. Every role is a user of its own name, and
 * beside them each server has a user who may do anything there: what stops it is the link alone. Mirrors are answered
 * as workers answer them.
 */
export type TwoServers = {
  readonly a: RestartableNats
  readonly b: RestartableNats
  readonly link: LinkControl
  connect(region: 'a' | 'b', user: NatsRole | 'anyone'): Promise<NatsConnection>
  /** kill -9 of a server, and another disk when it comes back. */
  loseDisk(region: 'a' | 'b'): Promise<void>
  /** A client with the name and password by which region b dials. */
  connectAsLeaf(): Promise<NatsConnection>
  stop(): Promise<void>
}

export async function startTwoServers(shardCount: number): Promise<TwoServers> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-link-'))
  const [leafPort, proxyPort] = [await freePort(), await freePort()]
  const leaf = { user: 'leaf-b', password: 'leaf password' }
  const ends: Record<'a' | 'b', LeafEnd> = {
    a: { ...leaf, listenPort: leafPort },
    b: { ...leaf, dialUrl: `nats-leaf://127.0.0.1:${proxyPort}` },
  }
  const stores: string[] = []
  const server = (region: 'a' | 'b', peer: 'a' | 'b'): Promise<RestartableNats> =>
    startRestartableNats((place) => {
      const users = roles.map(
        (role): NatsUser => ({ role, user: role, password: `${role} password`, id: region === 'a' ? '1' : '2' }),
      )
      const { dir: storeDir, ...ports } = place
      stores.push(storeDir)
      const options = { region, shardCount, host: '127.0.0.1', storeDir, storeBytesMax, users, ...ports }
      const config = renderNatsConfig({ ...options, link: { peer, end: ends[region] } })
      return config.replace('  users: [', `  users: [\n    { user: "anyone", password: "anyone password" }`)
    })
  const started: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of started.reverse()) await end()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    const a = await server('a', 'b')
    started.push(() => a.stop())
    const proxy: ToxiproxyProcess = await startToxiproxy({
      dir,
      links: [{ name: 'leaf', listen: `127.0.0.1:${proxyPort}`, upstream: `127.0.0.1:${leafPort}` }],
    })
    started.push(() => proxy.stop())
    const b = await server('b', 'a')
    started.push(() => b.stop())
    const connections: NatsConnection[] = []
    started.push(async () => void (await Promise.all(connections.map((connection) => connection.close()))))
    const servers = { a, b }
    const connect = async (region: 'a' | 'b', user: NatsRole | 'anyone'): Promise<NatsConnection> => {
      const access = { url: servers[region].url, user, password: `${user} password` }
      const connection = await connectNats(access, { name: user, inboxPrefix: `_INBOX.${user}` })
      connections.push(connection)
      return connection
    }
    for (const [region, peer] of [['a', 'b'] as const, ['b', 'a'] as const]) {
      await answerMirrorResets(await connect(region, 'worker'), { region, peer }, () => undefined)
    }
    return {
      ...servers,
      link: linkControl(proxy.url),
      connect,
      loseDisk: async (region) => {
        await servers[region].kill()
        rmSync(join(stores[region === 'a' ? 0 : 1]!, 'jetstream'), { recursive: true })
        await servers[region].start()
      },
      connectAsLeaf: () => connectNats({ url: a.url, ...leaf }, { name: 'leaf', inboxPrefix: '_INBOX.leaf' }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
