import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import type { NatsAccess } from './regionSite.ts'

const attemptTimeoutMs = 2_000

/** A client of one region's server, as operators are; it comes back by itself whenever the server does. */
export function connectOperator({ url, user, password }: NatsAccess): Promise<NatsConnection> {
  const name = user ?? 'operator'
  return connect({
    servers: url,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    name: 'drill',
    inboxPrefix: `_INBOX.${name}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    pingInterval: 2_500,
    maxPingOut: 2,
    timeout: attemptTimeoutMs,
    ignoreClusterUpdates: true,
  })
}
