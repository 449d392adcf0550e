import { recordsPerFrameMax } from './frameInput.ts'

/** In `destination`: the outcome is not final and lies with the bank, not with another shard. */
export const destinationSaga = 255

/**
 * What one frame's commands came to, as columns that are reused from frame to frame, so that applying a payment
 * allocates nothing. The host reads them before it applies the next frame.
 */
export class Outcomes {
  /** One entry a record, in the frame's order. */
  count = 0
  readonly code = new Uint8Array(recordsPerFrameMax)
  /** 0: final here. n + 1: debited, on its way to shard n. 255: waits for the bank. */
  readonly destination = new Uint8Array(recordsPerFrameMax)
  readonly value = new Float64Array(recordsPerFrameMax)
  /** Where and when it was executed, which for a repeated command was earlier. */
  readonly time = new Float64Array(recordsPerFrameMax)
  readonly seq = new Float64Array(recordsPerFrameMax)
  readonly index = new Uint32Array(recordsPerFrameMax)
  readonly token = new Float64Array(recordsPerFrameMax)
  /** 1 when the answer repeats an earlier execution. */
  readonly repeated = new Uint8Array(recordsPerFrameMax)
  /** Payments of other shards that came to their end in this frame: whom to tell. */
  completions = 0
  readonly completedEdge = new Uint32Array(recordsPerFrameMax)
  readonly completedToken = new Float64Array(recordsPerFrameMax)
  readonly completedCode = new Uint8Array(recordsPerFrameMax)
  /** Sagas whose step changed. */
  sagas: number[] = []
  /** Why the whole frame was skipped, if it was. */
  skipped: '' | 'malformed' | 'sender-not-allowed' | 'repeated' | 'gap' = ''
  readonly watch: Watch | undefined

  constructor(watch?: Watch) {
    this.watch = watch
  }

  clear(): void {
    this.count = 0
    this.completions = 0
    this.sagas = []
    this.skipped = ''
  }

  complete(edge: number, token: number, code: number): void {
    const n = this.completions++
    this.completedEdge[n] = edge
    this.completedToken[n] = token
    this.completedCode[n] = code
  }
}

/** Kinds of postings as the journal shows them. */
export const postingKinds = {
  paymentOut: 1,
  paymentIn: 2,
  paymentReturned: 3,
  recharge: 4,
  redemption: 5,
  redemptionReturned: 6,
} as const

/**
 * Sees every posting to a wallet as it is made. The leader needs none; a follower that writes the journal passes one.
 * Byte arguments are views into the frame or the lanes, valid during the call.
 */
export interface Watch {
  posted(
    walletRow: number,
    kind: number,
    delta: number,
    counterparty: number,
    idBytes: Uint8Array,
    idAt: number,
    recordIndex: number,
  ): void
}
