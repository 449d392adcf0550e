import type { Blobs } from './blobs.ts'

/**
 * How what a merchant calls one of its sub-users goes through the log into Postgres: often it is somebody's name, so that
 * it is sealed under the key for personal data, and bound to the user and to the command that brought it.
 */
const purpose = 'postgres/personal'

/** The sub-user that a label is of, and the id of the command. */
export type LabelOf = { readonly merchant: number; readonly number: number; readonly commandId: Uint8Array }

const binding = ({ merchant, number, commandId }: LabelOf): string =>
  `merchant-user/${merchant}/${number}/${Buffer.from(commandId).toString('hex')}`

export function sealLabel(blobs: Blobs, of: LabelOf, label: string): Uint8Array {
  return blobs.sealBlob(purpose, new TextEncoder().encode(label), binding(of))
}

/** @throws SealError when it is another user's, was changed, or its key is not known (yet). */
export function openLabel(blobs: Blobs, of: LabelOf, sealed: Uint8Array): string {
  return new TextDecoder().decode(blobs.openBlob(purpose, sealed, binding(of)))
}
