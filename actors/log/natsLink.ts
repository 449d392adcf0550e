import type { NatsConnection } from '@nats-io/nats-core'
import { PermissionViolationError } from '@nats-io/nats-core'

export type LinkListener = {
  /** The link broke: what was on its way may or may not have arrived. */
  readonly onLost?: () => void
  readonly onBack?: () => void
  /** The connection is closed for good and will not come back. */
  readonly onClosed?: () => void
  /** The server refused an operation on a subject for lack of permission. */
  readonly onDenied?: (denied: PermissionViolationError) => void
}

/**
 * Whether a connection is up, told at once. A client that is asked only for answers learns of a broken link when its
 * timeouts run out, and hands what is published meanwhile to a buffer that the next dial throws away.
 */
export class NatsLink {
  static readonly #links = new WeakMap<NatsConnection, NatsLink>()
  readonly #listeners = new Set<LinkListener>()
  #up = true
  /** Where this connection may hear replies. */
  inboxPrefix = '_INBOX'
  /** Bytes that followers on this connection may have on their way. */
  windowBytes = 0

  static of(connection: NatsConnection): NatsLink {
    let link = NatsLink.#links.get(connection)
    if (link === undefined) {
      link = new NatsLink()
      NatsLink.#links.set(connection, link)
      void link.#watch(connection)
    }
    return link
  }

  get up(): boolean {
    return this.#up
  }

  /** @returns a function that ends listening */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#lost()
      else if (status.type === 'reconnect') this.#back()
      else if (status.type === 'error' && status.error instanceof PermissionViolationError) {
        for (const listener of this.#listeners) listener.onDenied?.(status.error)
      }
    }
    this.#lost()
    for (const listener of this.#listeners) listener.onClosed?.()
  }

  #lost(): void {
    if (!this.#up) return
    this.#up = false
    for (const listener of this.#listeners) listener.onLost?.()
  }

  #back(): void {
    this.#up = true
    for (const listener of this.#listeners) listener.onBack?.()
  }
}
