import type { Blobs } from '../../actors/log/blobs.ts'
import { type LabelOf, openLabel, sealLabel } from '../../actors/log/labelSealing.ts'

/** Seals what merchants call their sub-users, and opens it for those who may read it. */
export type LabelVault = {
  seal(of: LabelOf, label: string): Uint8Array
  /** @throws SealError when it is another user's */
  open(of: LabelOf, sealed: Uint8Array): string
}

export function labelVault(blobs: Blobs): LabelVault {
  return {
    seal: (of, label) => sealLabel(blobs, of, label),
    open: (of, sealed) => openLabel(blobs, of, sealed),
  }
}
