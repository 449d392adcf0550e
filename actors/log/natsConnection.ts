import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { NatsLink } from './natsLink.ts'

export type NatsAccess = {
  readonly url: string
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export type NatsClientOptions = {
  /** Shown by the server's monitoring; name the process. */
  readonly name: string
  /** Replies come only to subjects under it, which the user's permissions allow. */
  readonly inboxPrefix: string
  /** How long to try before giving up on a server that was never reached. */
  readonly connectTimeoutMs?: number
}

const attemptTimeoutMs = 2_000
const attemptPauseMs = 250

/**
 * Connects with the settings that this project uses everywhere. Once connected the client reconnects for ever, and
 * notices a dead link within 7.5 s.
 * @throws Error that names the server when it was not reached in time, or refused the user.
 */
export async function connectNats(access: NatsAccess, options: NatsClientOptions): Promise<NatsConnection> {
  const { name, inboxPrefix, connectTimeoutMs = 15_000 } = options
  const deadlineMs = performance.now() + connectTimeoutMs
  for (;;) {
    try {
      const connection = await connect({
        servers: access.url,
        ...(access.user === undefined ? {} : { user: access.user }),
        ...(access.password === undefined ? {} : { pass: access.password }),
        name,
        inboxPrefix,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 100,
        pingInterval: 2_500,
        maxPingOut: 2,
        timeout: attemptTimeoutMs,
        // The address that was configured is the one to use: a proxy or a port mapping may stand before the server.
        ignoreClusterUpdates: true,
      })
      NatsLink.of(connection).inboxPrefix = inboxPrefix
      return connection
    } catch (error) {
      const refused = error instanceof Error && error.name === 'AuthorizationError'
      if (refused || performance.now() > deadlineMs) {
        const what = refused ? 'refuses the user of' : 'was not reached by'
        throw new Error(`NATS server ${withoutSecrets(access.url)} ${what} ${name}`, { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, attemptPauseMs * (0.5 + Math.random())))
    }
  }
}

/** A NATS address may carry a password. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
