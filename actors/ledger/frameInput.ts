/** One frame as the ledger sees it: already opened, its body aligned and valid for this call only. */
export type FrameInput = {
  /** Place in the log: the sequence of the shard's stream. */
  seq: number
  /** When the log stored it, by the log's own clock, Unix ms. */
  stampMs: number
  kind: number
  /** Class and number of the sender, known from the subject. */
  sender: number
  senderNumber: number
  /** Frame id: the sender's incarnation and its own count. */
  incarnation: number
  counter: number
  senderClockMs: number
  count: number
  bodyBytes: number
  /** The body, seen as each of the types that records hold. */
  u8: Uint8Array
  u32: Uint32Array
  f64: Float64Array
  view: DataView
}

/** A sender's clock may run ahead of the log's by this much before log time stops believing it. */
export const clockLeadMs = 5_000

export const recordsPerFrameMax = 16_384

/** Wraps a body, copying it when it does not begin on a boundary of 8 bytes. */
export function bodyViews(body: Uint8Array): Pick<FrameInput, 'u8' | 'u32' | 'f64' | 'view' | 'bodyBytes'> {
  const aligned = body.byteOffset % 8 === 0 ? body : new Uint8Array(body)
  const { buffer, byteOffset, length } = aligned
  return {
    bodyBytes: length,
    u8: aligned,
    u32: new Uint32Array(buffer, byteOffset, length >>> 2),
    f64: new Float64Array(buffer, byteOffset, length >>> 3),
    view: new DataView(buffer, byteOffset, length),
  }
}
