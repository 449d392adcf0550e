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
  algorithm: ['u8', '1 ECDSA P-256, 2 SM2, 3 Ed25519'],
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
