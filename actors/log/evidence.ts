import { layout } from '../ledger/layout.ts'

/**
 * What is kept beside every record of an edge's frame to prove who asked for it: one row a record, in the frame's
 * order, in the frame's evidence section, sealed under its own key so that it can be erased on its own.
 */
export const evidenceRecord = layout('evidence', {
  digest: ['bytes32', 'SHA-256 of the canonical bytes that were signed'],
  signature: ['bytes72', 'as it came: DER or raw'],
  ip: ['bytes16', "caller's address, IPv4 mapped into IPv6"],
  device: ['bytes16', 'first bytes of the SHA-256 of the device fingerprint, zeros when none was told'],
  latitude: ['f64', 'degrees north, NaN when no place was told'],
  longitude: ['f64', 'degrees east, NaN when no place was told'],
  signatureLength: ['u8', 'bytes used of the signature'],
  algorithm: ['u8', '1 ECDSA P-256, 2 SM2, 3 Ed25519, 4 a passkey on P-256'],
  reserved: ['bytes6', 'zero'],
})

/** One row of evidence before it is laid out. */
export type Evidence = {
  readonly digest: Uint8Array
  readonly signature: Uint8Array
  readonly ip: Uint8Array
  readonly device: Uint8Array
  readonly latitude: number
  readonly longitude: number
  readonly algorithm: number
  /** What a passkey signed in place of the canonical bytes; their SHA-256 is the challenge in it. */
  readonly assertion?: Assertion | undefined
}

/** A passkey's word (WebAuthn): its signature covers the first, and the SHA-256 of the second. */
export type Assertion = { readonly authenticatorData: Uint8Array; readonly clientDataJson: Uint8Array }

/** Follows the rows, once for each record that a passkey signed, with the bytes that it tells the lengths of behind it. */
export const assertionRecord = layout('assertion', {
  index: ['u32', 'record in the frame'],
  authenticatorBytes: ['u16', 'length of the authenticator data'],
  clientBytes: ['u16', 'length of the client data in JSON, which follows the authenticator data'],
})

/** Bytes that a row's assertion adds to a section. */
export function assertionBytes({ assertion }: Pick<Evidence, 'assertion'>): number {
  if (assertion === undefined) return 0
  return assertionRecord.size + assertion.authenticatorData.length + assertion.clientDataJson.length
}

/** Writes the assertion of the record `index`. @returns the offset behind it */
export function writeAssertion(
  section: Uint8Array,
  view: DataView,
  offset: number,
  index: number,
  { authenticatorData, clientDataJson }: Assertion,
): number {
  const at = assertionRecord.at
  view.setUint32(offset + at.index, index, true)
  view.setUint16(offset + at.authenticatorBytes, authenticatorData.length, true)
  view.setUint16(offset + at.clientBytes, clientDataJson.length, true)
  const bytesAt = offset + assertionRecord.size
  section.set(authenticatorData, bytesAt)
  section.set(clientDataJson, bytesAt + authenticatorData.length)
  return bytesAt + authenticatorData.length + clientDataJson.length
}

/** The assertions of an opened section, by the place of their record in the frame. @param rows records of the frame */
export function readAssertions(section: Uint8Array, rows: number): Map<number, Assertion> {
  const view = new DataView(section.buffer, section.byteOffset, section.length)
  const { at, size } = assertionRecord
  const found = new Map<number, Assertion>()
  for (let offset = rows * evidenceRecord.size; offset < section.length; ) {
    const authenticatorEnd = offset + size + view.getUint16(offset + at.authenticatorBytes, true)
    const clientEnd = authenticatorEnd + view.getUint16(offset + at.clientBytes, true)
    found.set(view.getUint32(offset + at.index, true), {
      authenticatorData: section.slice(offset + size, authenticatorEnd),
      clientDataJson: section.slice(authenticatorEnd, clientEnd),
    })
    offset = clientEnd
  }
  return found
}

/** Writes a row at `offset` of a section that is zero there. */
export function writeEvidence(section: Uint8Array, view: DataView, offset: number, row: Evidence): void {
  const at = evidenceRecord.at
  section.set(row.digest, offset + at.digest)
  section.set(row.signature, offset + at.signature)
  section.set(row.ip, offset + at.ip)
  section.set(row.device, offset + at.device)
  view.setFloat64(offset + at.latitude, row.latitude, true)
  view.setFloat64(offset + at.longitude, row.longitude, true)
  section[offset + at.signatureLength] = row.signature.length
  section[offset + at.algorithm] = row.algorithm
}
