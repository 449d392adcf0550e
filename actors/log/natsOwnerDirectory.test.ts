import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { encodeJson } from './jsonBytes.ts'
import { connectNats } from './natsConnection.ts'
import { type NatsOwnerDirectory, openOwnerDirectory } from './natsOwnerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord, ownerKey, ownersBucket } from './ownerRecord.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from './restartableNats.ts'

const missing = await natsMissing()
const first = firstOwnerRecord('a', 'sync')
const inEpoch = (epoch: number): OwnerRecord => ({
  epoch,
  owner: 'b',
  mode: 'sync',
  segments: [
    { epoch: 0, region: 'a', first: 1, last: 4 },
    { epoch, region: 'b', first: 1 },
  ],
})

describe.skipIf(missing !== undefined)("the region's copy of the owners, on a real server", () => {
  let nats: RestartableNats
  let connection: NatsConnection
  let kv: KV
  let directory: NatsOwnerDirectory
  const faults: string[] = []

  beforeAll(async () => {
    nats = await startRestartableNats()
    connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
    kv = await new Kvm(jetstream(connection)).create(ownersBucket('a'), { history: 1 })
  })
  afterEach(() => directory.close())
  afterAll(async () => {
    await connection.close()
    await nats.stop()
  })

  const put = (shard: number, record: unknown) => kv.put(ownerKey(shard), encodeJson(record))
  const open = () => {
    const onFault = (what: string) => faults.push(what)
    return openOwnerDirectory(connection, { region: 'a', shardCount: 2, onFault })
  }

  test('is known once it is open, and its changes are heard', async () => {
    await put(0, first)
    await put(7, first)
    directory = await open()
    expect(directory.ownerOf(0)).toMatchObject({ region: 'a', epoch: 0 })
    expect(directory.ownerOf(1)).toBeUndefined()
    expect(directory.ownerOf(7)).toBeUndefined()
    await put(0, inEpoch(1))
    await put(1, first)
    await vi.waitFor(() => expect(directory.ownerOf(0)).toMatchObject({ region: 'b', epoch: 1 }))
    await vi.waitFor(() => expect(directory.ownerOf(1)).toMatchObject({ region: 'a', epoch: 0 }))
  })

  test('loses nothing that is known to a record that is none, or to one that is gone', async () => {
    directory = await open()
    await put(0, { owner: 'x' })
    await vi.waitFor(() => expect(faults).toContain('the owner record of shard 0 is not understood'))
    await kv.delete(ownerKey(0))
    await directory.read()
    expect(directory.ownerOf(0)).toMatchObject({ region: 'b', epoch: 1 })
  })

  test('is read again when the server was away', async () => {
    await put(0, inEpoch(2))
    directory = await open()
    expect(directory.ownerOf(0)!.epoch).toBe(2)
    await nats.kill()
    await nats.start()
    const other = await connectNats(nats, { name: 'other', inboxPrefix: '_INBOX_other' })
    await (await new Kvm(jetstream(other)).open(ownersBucket('a'))).put(ownerKey(0), encodeJson(inEpoch(3)))
    await other.close()
    await vi.waitFor(() => expect(directory.ownerOf(0)!.epoch).toBe(3), { timeout: 10_000 })
  })
})
