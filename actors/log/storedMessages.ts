import type { StoredMsg } from '@nats-io/jetstream'
import type { QueuedIterator } from '@nats-io/nats-core'

/** Takes each message of a direct read. @throws Error when they have not all come in time, or the server says why not */
export async function takeEach(
  messages: QueuedIterator<StoredMsg>,
  withinMs: number,
  take: (message: StoredMsg) => void,
): Promise<void> {
  const giveUp = setTimeout(() => messages.stop(new Error('no answer in time')), withinMs)
  try {
    for await (const message of messages) take(message)
  } finally {
    clearTimeout(giveUp)
  }
}
