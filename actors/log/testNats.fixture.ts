import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll } from 'vitest'
import { connectNats } from './natsConnection.ts'
import { type RestartableNats, startRestartableNats } from './restartableNats.ts'

/** A server of its own for the tests of one suite, and a connection to it; to be read inside of tests. */
export function testNats(): { readonly nats: RestartableNats; readonly connection: NatsConnection } {
  let nats: RestartableNats
  let connection: NatsConnection
  beforeAll(async () => {
    nats = await startRestartableNats()
    connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
    // With its last stream a server takes its folder away, in its own time: perhaps just as it makes the next one there.
    await (await jetstreamManager(connection)).streams.add({ name: 'STAYS', subjects: ['stays'] })
  })
  afterAll(async () => {
    await connection.close()
    await nats.stop()
  })
  return {
    get nats() {
      return nats
    },
    get connection() {
      return connection
    },
  }
}
