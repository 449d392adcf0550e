import type { NatsConnection } from '@nats-io/nats-core'
import { NatsLink } from './natsLink.ts'

export type RoundsOptions = {
  readonly everyMs: number
  readonly round: () => Promise<void>
  /** A round failed: the next one makes up for it. */
  readonly onFault: (error: unknown) => void
}

/**
 * What is repeated every so often over a connection and as soon as it is back, one round at a time: what is told by
 * messages alone may be lost, and then is made up for in the next round.
 */
export class ConnectionRounds {
  readonly #o: RoundsOptions
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  #running: Promise<void> | undefined

  constructor(connection: NatsConnection, options: RoundsOptions) {
    this.#o = options
    const onClosed = (): void => clearInterval(this.#timer)
    this.#stopListening = NatsLink.of(connection).listen({ onBack: () => void this.run(), onClosed })
    this.#timer = setInterval(() => void this.run(), options.everyMs)
  }

  /** One round now, or the one that runs. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#o
      .round()
      .catch(this.#o.onFault)
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  close(): void {
    clearInterval(this.#timer)
    this.#stopListening()
  }
}
