import type { Blobs } from '../../actors/log/blobs.ts'
import { openCaseText, type PaymentOf, sealCaseText } from '../../actors/log/caseSealing.ts'

/** Seals what people say about a wrong transfer, and opens it for those whom it concerns. */
export type CaseVault = {
  seal(of: PaymentOf, text: string): Uint8Array
  /** @throws SealError when it speaks of another payment */
  open(of: PaymentOf, sealed: Uint8Array): string
}

export function caseVault(blobs: Blobs): CaseVault {
  return {
    seal: (of, text) => sealCaseText(blobs, of, text),
    open: (of, sealed) => openCaseText(blobs, of, sealed),
  }
}
