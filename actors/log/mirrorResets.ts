import { jetstreamManager } from '@nats-io/jetstream'
import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { mirrorReader, mirrorResetSubjects } from './mirrorStreams.ts'

/** The mirror waits 5 s for its answer. */
const requestTimeoutMs = 2_000

/**
 * Sets the readers of this region's mirrors back when the mirrors ask for it: to what the mirror has on its disk.
 *
 * The message server would do that by itself, but it skips frames then. It answers with what the reader has sent by
 * the time of the answer, and a reader that somebody still listened to may have sent frames since it was set back;
 * the mirror takes those for frames that the log has dropped, and goes on behind them (nats-server 2.15.2,
 * `processResetReq` and `setupMirrorConsumer`). So the mirror asks here, and is told what it has itself: what the reader
 * sent too early then is a gap that the mirror sees, and asks again.
 *
 * Any number of processes may answer for a region. While none does, its mirrors stand still after a break of the link.
 * @param onFault is told of a request that could not be answered; the mirror repeats it.
 * @returns a function that ends it
 */
export async function answerMirrorResets(
  connection: NatsConnection,
  place: { readonly region: string; readonly peer: string },
  onFault: (what: string, error: unknown) => void,
): Promise<() => void> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const answer = async (request: Msg): Promise<void> => {
    const stream = request.subject.split('.').at(-2)!
    const { last_seq: has } = (await manager.streams.info(stream)).state
    const subject = `$JS.${place.peer}.API.CONSUMER.RESET.${stream}.${mirrorReader(place.region)}`
    const said = await connection.request(subject, JSON.stringify({ seq: has + 1 }), { timeout: requestTimeoutMs })
    const reset = said.json<{ error?: unknown }>()
    if (reset.error !== undefined) throw new Error(`the reader of ${stream} was not set back: ${said.string()}`)
    request.respond(JSON.stringify({ ...reset, delivered: { consumer_seq: 0, stream_seq: has } }))
  }
  const subscription = connection.subscribe(mirrorResetSubjects(place.peer), {
    queue: 'mirror-resets',
    callback: (error, request) => {
      if (error !== null) onFault('requests of mirrors are not heard', error)
      else answer(request).catch((fault) => onFault('reader of a mirror not set back', fault))
    },
  })
  return () => subscription.unsubscribe()
}
