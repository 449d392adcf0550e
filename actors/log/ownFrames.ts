import { decodeFrame, type FrameFields } from './frame.ts'
import type { OpenedFrame, Opener, Sealer } from './sealing.ts'

/**
 * Sealer and opener of one log for a process that both writes into it and reads it. The newest frame that it sealed is kept:
 * what comes back from the log the same, byte for byte, holds the body that was sealed, and need not be opened.
 */
export class OwnFrames implements Sealer, Opener {
  readonly #sealer: Sealer
  readonly #opener: Opener
  #newest: { readonly frame: Uint8Array; readonly body: Uint8Array } | undefined

  constructor(sealer: Sealer, opener: Opener) {
    this.#sealer = sealer
    this.#opener = opener
  }

  /** As any sealer, but the body is given away: it is not to be written to again. */
  seal(fields: FrameFields, body: Uint8Array, evidence?: Uint8Array): Uint8Array {
    return this.#keep(this.#sealer.seal(fields, body, evidence), body, evidence)
  }

  sealMaybe(fields: FrameFields, body: Uint8Array, evidence?: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const frame = this.#sealer.sealMaybe(fields, body, evidence)
    return frame instanceof Promise
      ? frame.then((sealed) => this.#keep(sealed, body, evidence))
      : this.#keep(frame, body, evidence)
  }

  /** Evidence is opened by who holds its key, and a body is to lie on a boundary of 8 bytes: other frames are not kept. */
  #keep(frame: Uint8Array, body: Uint8Array, evidence: Uint8Array | undefined): Uint8Array {
    this.#newest = evidence === undefined && body.byteOffset % 8 === 0 ? { frame, body } : undefined
    return frame
  }

  open(frame: Uint8Array): OpenedFrame {
    return this.#own(frame) ?? this.#opener.open(frame)
  }

  openMaybe(frame: Uint8Array): OpenedFrame | Promise<OpenedFrame> {
    return this.#own(frame) ?? this.#opener.openMaybe(frame)
  }

  #own(frame: Uint8Array): OpenedFrame | undefined {
    const newest = this.#newest
    if (newest === undefined || Buffer.compare(newest.frame, frame) !== 0) return undefined
    this.#newest = undefined
    const { header, tag } = decodeFrame(frame)
    return { header, body: newest.body, tag }
  }
}
