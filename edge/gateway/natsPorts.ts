import { type NatsConnection, NoRespondersError, RequestError, TimeoutError } from '@nats-io/nats-core'
import { NatsLink } from '../../actors/log/natsLink.ts'
import type { ShardLog } from '../../actors/log/shardLog.ts'
import { answersSubject, querySubject } from '../../actors/log/subjects.ts'
import type { Gateway } from './gateway.ts'
import { type GatewayPorts, ShardUnavailable } from './ports.ts'

/** The gateway's world as it is: one connection to the region's message server, and this machine's clock. */
export function natsGatewayPorts(
  connection: NatsConnection,
  logs: readonly ShardLog[],
  onFault: GatewayPorts['onFault'],
): GatewayPorts {
  const link = NatsLink.of(connection)
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    after(delayMs, work) {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
    append: (shard, subject, frame, timeoutMs) => logs[shard]!.append(subject, frame, { timeoutMs }),
    async request(shard, query, timeoutMs, region) {
      try {
        return (await connection.request(querySubject(region, shard), query, { timeout: timeoutMs })).data
      } catch (error) {
        throw new ShardUnavailable(shard, reasonOf(error, link.up))
      }
    },
    connected: () => link.up && !connection.isClosed(),
    onFault,
  }
}

function reasonOf(error: unknown, up: boolean): ShardUnavailable['why'] {
  if (!up) return 'disconnected'
  const none = error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())
  if (none) return 'no-leader'
  return error instanceof TimeoutError ? 'timeout' : 'disconnected'
}

/** Hears the answers meant for this edge. A message that cannot be read is reported and left. */
export function hearAnswers(
  connection: NatsConnection,
  edgeId: string,
  gateway: Gateway,
  onFault: GatewayPorts['onFault'],
): void {
  connection.subscribe(answersSubject(edgeId), {
    callback: (error, message) => {
      try {
        if (error !== null) throw error
        gateway.onAnswer(message.data)
      } catch (fault) {
        onFault('an answer could not be read', fault)
      }
    },
  })
}
