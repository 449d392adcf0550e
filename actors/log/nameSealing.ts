import type { Blobs } from './blobs.ts'

/**
 * How a legal name goes through the log into Postgres: sealed under the key for personal data, and bound to the command
 * that brought it, whose number and id no other has, so that one copied to another user opens nowhere.
 */
const purpose = 'postgres/personal'

/** Whose command it was, as the ledger counts ids, and the command's id. */
export type NamedBy = { readonly actor: number; readonly commandId: Uint8Array }

const binding = ({ actor, commandId }: NamedBy): string =>
  `user-name/${actor}/${Buffer.from(commandId).toString('hex')}`

export function sealName(blobs: Blobs, by: NamedBy, name: string): Uint8Array {
  return blobs.sealBlob(purpose, new TextEncoder().encode(name), binding(by))
}

/** @throws SealError when it came with another command, was changed, or its key is not known (yet). */
export function openName(blobs: Blobs, by: NamedBy, sealed: Uint8Array): string {
  return new TextDecoder().decode(blobs.openBlob(purpose, sealed, binding(by)))
}
