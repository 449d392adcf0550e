import { setTimeout as sleep } from 'node:timers/promises'
import type { OnHopeless } from './child.ts'

const retryMs = 500
/** Starts in a row that fail before it is hopeless: for a moment a machine may have no process, file or port to give. */
const failuresMax = 10

/** A server that the supervisor started: nats-server, PostgreSQL, toxiproxy. */
export type ServerProcess = {
  readonly pid: number
  /** Resolves when the process has ended, by whatever cause. */
  readonly exited: Promise<void>
  stop(): Promise<void>
  kill(): void
}

export type KeptServerOptions<P> = {
  name: string
  /** Starts it on the same ports each time: its clients find it there. */
  start: () => Promise<P>
  /** Called when it died and could not be started again and again. Without it, it is tried for ever. */
  onHopeless?: OnHopeless
}

/** Keeps one server running: starts it again when it dies, unless it is held down. */
export class KeptServer<P extends ServerProcess> {
  readonly #o: KeptServerOptions<P>
  #server: P | undefined
  #held = false
  #stopping = false
  #starting: Promise<unknown> = Promise.resolve()

  constructor(options: KeptServerOptions<P>) {
    this.#o = options
  }

  get pid(): number | undefined {
    return this.#server?.pid
  }

  get held(): boolean {
    return this.#held
  }

  /** @throws Error why it does not start; nothing tries again then. */
  async start(): Promise<P> {
    const starting = this.#o.start()
    this.#starting = starting.catch(() => undefined)
    const server = await starting
    this.#server = server
    void server.exited.then(() => this.#ended(server))
    return server
  }

  async #ended(server: P): Promise<void> {
    if (this.#server !== server) return
    this.#server = undefined
    await this.#startAgain()
  }

  async #startAgain(): Promise<void> {
    for (let failures = 1; !this.#stopping && !this.#held && this.#server === undefined; failures++) {
      try {
        await this.start()
      } catch (error) {
        if (this.#stopping || this.#held) return
        const { name, onHopeless } = this.#o
        const reason = `${name} cannot be started again: ${(error as Error).message}`
        if (failures % failuresMax === 0 && onHopeless?.(reason) === 'give up') return
        await sleep(retryMs)
      }
    }
  }

  /** kill -9, and it stays down until it is let go. */
  async hold(): Promise<void> {
    this.#held = true
    await this.#starting
    const server = this.#server
    server?.kill()
    await server?.exited
  }

  async release(): Promise<void> {
    if (!this.#held || this.#stopping) return
    this.#held = false
    await this.#startAgain()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#starting
    await this.#server?.stop()
  }

  kill(): void {
    this.#stopping = true
    this.#server?.kill()
  }
}
