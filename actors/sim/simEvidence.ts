import { keyAlgorithms } from '../ledger/records.ts'
import type { Evidence } from '../log/evidence.ts'

/** Where a request came from: nobody in the simulation has an address, a device or a place. */
export const simulatedOrigin = {
  ip: new Uint8Array(16),
  device: new Uint8Array(16),
  latitude: Number.NaN,
  longitude: Number.NaN,
}

/** Evidence of a request whose signature nobody looks at. */
export function simulatedEvidence(digest: Uint8Array, algorithm: number = keyAlgorithms.ecdsaP256): Evidence {
  return { digest, signature: new Uint8Array(64), algorithm, ...simulatedOrigin }
}
