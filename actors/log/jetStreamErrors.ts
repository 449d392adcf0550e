import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream'

export function isStreamNotFound(error: unknown): error is JetStreamApiError {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
}
