import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerMirrorResets } from './mirrorResets.ts'
import { connectNats } from './natsConnection.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from './restartableNats.ts'

const missing = await natsMissing()
const frames = 7
const request = 'mirror.b.CONSUMER.RESET.LOG_b_1.MIRROR_a'
const theirs = '$JS.b.API.CONSUMER.RESET.LOG_b_1.MIRROR_a'

let server: RestartableNats
let connection: NatsConnection
const faults: string[] = []

/** What the other region's server answers, the next time it is asked. */
function answersOnce(answer: object): string[] {
  const asked: string[] = []
  connection.subscribe(theirs, {
    max: 1,
    callback: (_error, message) => {
      asked.push(message.string())
      message.respond(JSON.stringify(answer))
    },
  })
  return asked
}

beforeAll(async () => {
  if (missing !== undefined) return
  server = await startRestartableNats()
  connection = await connectNats({ url: server.url }, { name: 'test', inboxPrefix: '_INBOX.test' })
  await (await jetstreamManager(connection)).streams.add({ name: 'LOG_b_1', subjects: ['frames'] })
  for (let n = 0; n < frames; n++) await jetstream(connection).publish('frames')
  await answerMirrorResets(connection, { region: 'a', peer: 'b' }, (what, error) =>
    faults.push(`${what}: ${(error as Error).message}`),
  )
})

afterAll(async () => {
  await connection?.close()
  await server?.stop()
})

test.skipIf(missing !== undefined)(
  'a mirror is told where it stands itself, whatever its reader has sent since it was set back',
  async () => {
    const asked = answersOnce({ name: 'MIRROR_a', delivered: { consumer_seq: 298, stream_seq: 305 }, reset_seq: 8 })
    const said = (await connection.request(request, '', { timeout: 2_000 })).json()
    expect(asked).toEqual(['{"seq":8}'])
    expect(said).toEqual({ name: 'MIRROR_a', delivered: { consumer_seq: 0, stream_seq: frames }, reset_seq: 8 })
    expect(faults).toEqual([])
  },
)

test.skipIf(missing !== undefined)(
  'a mirror whose reader was not set back is told nothing, and we say why',
  async () => {
    answersOnce({ error: { code: 400, description: 'below start seq' } })
    await expect(connection.request(request, '', { timeout: 300 })).rejects.toThrow()
    await expect(connection.request(request, '', { timeout: 300 })).rejects.toThrow()
    expect(faults).toEqual([
      expect.stringContaining('the reader of LOG_b_1 was not set back: {"error":{"code":400'),
      expect.stringContaining('no responders'),
    ])
  },
)
