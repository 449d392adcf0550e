import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { freePort } from '../../deploy/freePort.ts'
import { startPostgres } from '../../deploy/postgres.ts'
import { HostTown, region } from '../host/hostTown.fixture.ts'
import { createBlobs } from '../log/blobs.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { firstOwnerRecord, type OwnerSegment } from '../log/ownerRecord.ts'
import { createLogger } from '../log/process.ts'
import { createOpener } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { beginFollowing } from './beginFollowing.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { readPositions } from './positions.ts'
import { Projector } from './projector.ts'
import { ShardFollowing } from './shardFollowing.ts'
import { compareWallets, type WalletFindings } from './walletComparison.ts'

export type TestServer = {
  /** An empty database with the tables of a region. */
  newDatabase(): Promise<string>
  stop(): Promise<void>
}

/** A PostgreSQL of its own for the tests of one file. */
export async function startTestServer(): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-followers-'))
  const settings = ['fsync=off']
  const server = await startPostgres({
    dir: join(dir, 'pg'),
    port: await freePort(),
    password: 'test',
    database: 'first',
    settings,
  })
  let count = 0
  return {
    async newDatabase() {
      const name = `town_${++count}`
      const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
      await sql.unsafe(`create database ${name}`)
      await sql.end()
      const url = new URL(server.url)
      url.pathname = `/${name}`
      await migrate(url.href)
      return url.href
    },
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const serverStartMs = 120_000

/**
 * Gives each test of a file a town of its own whose two shards are led, followed into an empty database.
 * @param begin what else each test begins with
 * @param end of what that opened; the town itself is ended behind it
 */
export function eachTestFollowed(
  begin: (followed: FollowedTown, server: TestServer) => Promise<void>,
  end: () => Promise<void> = async () => undefined,
): void {
  let server: TestServer | undefined
  let followed: FollowedTown | undefined
  beforeAll(async () => {
    server = await startTestServer()
  }, serverStartMs)
  afterAll(() => server?.stop())
  beforeEach(async () => {
    followed = new FollowedTown(await server!.newDatabase())
    const { town } = followed
    await town.begin()
    await town.lead(0, 'one')
    await town.lead(1, 'one')
    await begin(followed, server!)
  })
  afterEach(async () => {
    await end()
    await followed?.end()
  })
}

/** A town whose logs are followed into a database. */
export class FollowedTown {
  readonly town: HostTown
  readonly databaseUrl: string
  readonly folder: string
  readonly sql: Database
  readonly hopeless: Error[] = []
  readonly #projectors = new Set<Projector>()
  /** By shard: the segments of its log. */
  readonly owners: (readonly OwnerSegment[])[]
  /** What the next projectors reach the database through. */
  openDatabase: () => Database
  /** What the next projectors give a write before they try it again; undefined for their own. */
  writeTimeoutMs: number | undefined

  constructor(databaseUrl: string) {
    this.databaseUrl = databaseUrl
    this.folder = mkdtempSync(join(tmpdir(), 'jiaozi-followed-'))
    this.town = new HostTown({ folder: join(this.folder, 'region') })
    this.owners = this.town.logs.map(() => firstOwnerRecord(region, 'alone').segments)
    this.sql = openDatabase(databaseUrl, 'test', 2)
    this.openDatabase = () => openDatabase(databaseUrl, 'projector', 1)
  }

  /** Begins as the projector's program does: from where the database stands. */
  project(logs: readonly ShardLog[] = this.town.logs): Promise<Projector> {
    return this.#projectInto(this.databaseUrl, 'projector', logs, () => this.openDatabase())
  }

  /** As in another region: the same logs, another database. */
  projectElsewhere(databaseUrl: string, logs: readonly ShardLog[] = this.town.logs): Promise<Projector> {
    const open = () => openDatabase(databaseUrl, 'projector', 1)
    return this.#projectInto(databaseUrl, 'elsewhere', logs, open)
  }

  async #projectInto(databaseUrl: string, folder: string, logs: readonly ShardLog[], open: () => Database) {
    const { ring } = this.town
    const blobs = createBlobs(ring)
    const own = folderSnapshots(join(this.folder, folder), blobs)
    const shards = logs.map((log, shard) => new ShardFollowing(shard, log, createOpener(ring, { shard })))
    const positions = await readPositions(databaseUrl, logs.length)
    const logger = createLogger('test', 'silent')
    const ports = { blobs, logger, snapshots: [own, this.town.snapshots], openDatabase: open }
    for (const following of shards) {
      await beginFollowing(following, positions[following.shard]!, this.owners[following.shard]!, ports)
    }
    const projector = new Projector(shards, {
      region,
      blobs,
      logger,
      snapshots: own,
      snapshotEveryMs: 60_000,
      ...(this.writeTimeoutMs === undefined ? {} : { writeTimeoutMs: this.writeTimeoutMs }),
      openDatabase: open,
      onHopeless: (error) => this.hopeless.push(error),
    })
    projector.start()
    this.#projectors.add(projector)
    return projector
  }

  async stop(projector: Projector): Promise<void> {
    this.#projectors.delete(projector)
    await projector.stop()
  }

  /** The database has all that the test itself has read from the logs, and the logs hold no more. */
  async caughtUp(): Promise<void> {
    for (let round = 0; round < 600; round++) {
      const rows = await this.sql<{ seq: bigint }[]>`select seq from positions order by shard`
      const ends = await Promise.all(this.town.logs.map(async (log) => (await log.bounds()).last))
      const here = this.town.observers.every(({ seq }, shard) => seq === ends[shard])
      if (here && ends.every((end, shard) => Number(rows[shard]?.seq ?? 0n) === end)) return
      this.town.timers.advance(10)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`the projector does not catch up: ${this.hopeless.map((error) => error.message).join()}`)
  }

  /** The database has followed a shard to a position. */
  async written(shard: number, seq: number): Promise<void> {
    for (let round = 0; round < 600; round++) {
      const [row] = await this.sql<{ seq: bigint }[]>`select seq from positions where shard = ${shard}`
      if (Number(row?.seq) === seq) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`the database does not come to ${seq}: ${this.hopeless.map((error) => error.message).join()}`)
  }

  /** Every wallet's row and journal against replicas that no projector has touched. */
  async comparison(): Promise<WalletFindings> {
    await this.caughtUp()
    return compareWallets(this.sql, this.town.observers, createBlobs(this.town.ring))
  }

  async end(): Promise<void> {
    for (const projector of this.#projectors) await projector.stop()
    await this.town.end()
    await this.sql.end({ timeout: 5 })
    rmSync(this.folder, { recursive: true, force: true })
  }
}
