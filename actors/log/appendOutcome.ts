import type { AppendOutcome } from './shardLog.ts'

/** What JetStream answers to a publish. */
export type PubAck = {
  readonly stream?: string
  readonly seq?: number
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string }
}

/** Error codes of the server's errors.json. */
const noRoomCodes = new Set([10_023, 10_028, 10_047])
const storeFailedCode = 10_077
const tooManyRequestsCode = 10_167

/** @returns undefined when the server refuses for a reason that a later try would meet again. */
export function outcomeOf({ seq, error }: PubAck): AppendOutcome | undefined {
  if (error === undefined) return seq === undefined ? { kind: 'unknown' } : { kind: 'appended', seq }
  const { code = 0, err_code: errCode = 0, description = '' } = error
  if (noRoomCodes.has(errCode) || /maximum (bytes|messages) exceeded/.test(description)) return { kind: 'full' }
  if (errCode === tooManyRequestsCode) return { kind: 'not-sent' }
  // A write or sync that failed may have left the frame on the disk, where a restart finds it.
  if (errCode === storeFailedCode || code >= 500) return { kind: 'unknown' }
  return undefined
}
