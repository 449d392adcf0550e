import { shardsMax } from './books.ts'
import { recordsPerFrameMax } from './frameInput.ts'
import { makeId } from './madeIds.ts'

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
  /** How many versions of rules had come into force when it was judged. */
  readonly ruleVersion = new Float64Array(recordsPerFrameMax)
  /** 1 when the answer repeats an earlier execution. */
  readonly repeated = new Uint8Array(recordsPerFrameMax)
  /** Payments of other shards that came to their end in this frame: whom to tell. */
  completions = 0
  readonly completedEdge = new Uint32Array(recordsPerFrameMax)
  readonly completedToken = new Float64Array(recordsPerFrameMax)
  readonly completedCode = new Uint8Array(recordsPerFrameMax)
  /** Of a batch's frame, by destination shard: the transit numbers that its records took. */
  readonly transitFirst = new Float64Array(shardsMax)
  readonly transitCount = new Uint32Array(shardsMax)
  /** Set when the frame held a batch: of its records only `code` speaks. `repeated`: an earlier frame executed it. */
  batch: '' | 'executed' | 'repeated' | 'refused' = ''
  /** Credits of batches, whole runs of transit numbers at a time: whom to tell, and from which shard they came. */
  runs = 0
  readonly runEdge = new Uint16Array(recordsPerFrameMax)
  readonly runToken = new Float64Array(recordsPerFrameMax)
  readonly runSource = new Uint16Array(recordsPerFrameMax)
  readonly runFirst = new Float64Array(recordsPerFrameMax)
  readonly runCount = new Uint32Array(recordsPerFrameMax)
  /** Records of batches that came home. */
  returns = 0
  readonly returnEdge = new Uint16Array(recordsPerFrameMax)
  readonly returnToken = new Float64Array(recordsPerFrameMax)
  readonly returnPosition = new Uint16Array(recordsPerFrameMax)
  readonly returnCode = new Uint8Array(recordsPerFrameMax)
  /** Sagas whose step changed. */
  sagas: number[] = []
  /** Rows of orders that changed. */
  orders: number[] = []
  /** Rows of holds that changed, and how many of them fell due. */
  holds: number[] = []
  released = 0
  /** Recoveries that changed, as they then stood. */
  recoveries: RecoveryChange[] = []
  /** Rules of payouts whose time came and that could not pay, and cases of wrong transfers that changed. */
  payouts: { wallet: number; link: number; code: number }[] = []
  disputes: DisputeChange[] = []
  /** Rows of splits and of mandates that changed. */
  splits: number[] = []
  mandates: number[] = []
  /** Rows of sub-users of merchants that changed. */
  merchantUsers: number[] = []
  /** Payments that no record of this frame asked for. */
  made: MadePayment[] = []
  /** Place of the frame in the log. */
  frameSeq = 0
  /** Postings that belong to no record of the frame are numbered behind the records. */
  #behind = recordsPerFrameMax
  /**
   * Why the whole frame was skipped, if it was. `other-epoch`: it was meant for another owner of the shard than the one
   * whose log this is, and says nothing about what became of the same commands elsewhere.
   */
  skipped: '' | 'malformed' | 'sender-not-allowed' | 'repeated' | 'gap' | 'other-epoch' = ''
  readonly watch: Watch | undefined

  constructor(watch?: Watch) {
    this.watch = watch
  }

  clear(): void {
    this.count = 0
    this.completions = 0
    this.runs = 0
    this.returns = 0
    this.batch = ''
    this.sagas = []
    this.orders = []
    this.holds = []
    this.released = 0
    this.recoveries = []
    this.payouts = []
    this.disputes = []
    this.splits = []
    this.mandates = []
    this.merchantUsers = []
    this.made = []
    this.#behind = recordsPerFrameMax
    this.skipped = ''
  }

  /** A number for a posting that belongs to no record: of one wallet several may come in one frame. */
  nextIndex(): number {
    return this.#behind++
  }

  /** Writes down a payment that the ledger makes, and gives it its id. Where it goes to is filled in by the caller. */
  make(
    s: { logTimeMs: number; genesis: { shard: number } },
    payment: Omit<MadePayment, 'id' | 'index' | 'destination' | 'transit'>,
  ): MadePayment {
    const index = this.nextIndex()
    const id = makeId(s.logTimeMs, s.genesis.shard, this.frameSeq, index)
    const made = { ...payment, id, index, destination: 0, transit: 0 }
    this.made.push(made)
    return made
  }

  complete(edge: number, token: number, code: number): void {
    const n = this.completions++
    this.completedEdge[n] = edge
    this.completedToken[n] = token
    this.completedCode[n] = code
  }

  /** A batch's credit was made; those that follow one another become one run. */
  completeOfBatch(edge: number, token: number, source: number, number: number): void {
    const last = this.runs - 1
    if (
      last >= 0 &&
      this.runToken[last] === token &&
      this.runEdge[last] === edge &&
      this.runFirst[last]! + this.runCount[last]! === number
    ) {
      this.runCount[last]! += 1
      return
    }
    const n = this.runs++
    this.runEdge[n] = edge
    this.runToken[n] = token
    this.runSource[n] = source
    this.runFirst[n] = number
    this.runCount[n] = 1
  }

  returnOfBatch(edge: number, token: number, position: number, code: number): void {
    const n = this.returns++
    this.returnEdge[n] = edge
    this.returnToken[n] = token
    this.returnPosition[n] = position
    this.returnCode[n] = code
  }
}

/** A payment that the ledger made by itself: a scheduled one, or an order's split. */
export type MadePayment = {
  readonly payer: number
  readonly payee: number
  readonly amount: number
  /** 0, or why it was not made. */
  readonly code: number
  /** Row of the mandate that it was made by. */
  readonly mandate?: number
  readonly id: Uint8Array
  readonly index: number
  /** Shard of the payee + 1 and transit number, when it left the shard. */
  destination: number
  transit: number
}

/** A case of a wrong transfer as a change left it. */
export type DisputeChange = {
  /** Of the payee. */
  wallet: number
  payer: number
  paymentId: Uint8Array
  amount: number
  payerInstitution: number
  seq: number
  index: number
  openedMs: number
  expiresMs: number
  changedMs: number
  state: number
}

/** A recovery of a wallet as a change left it. */
export type RecoveryChange = {
  wallet: number
  seq: number
  index: number
  startedMs: number
  effectiveMs: number
  changedMs: number
  state: number
}

/** Kinds of postings as the journal shows them. */
export const postingKinds = {
  paymentOut: 1,
  paymentIn: 2,
  paymentReturned: 3,
  recharge: 4,
  redemption: 5,
  redemptionReturned: 6,
  refundOut: 7,
  refundIn: 8,
  refundReturned: 9,
  holdPlaced: 10,
  holdReleased: 11,
  splitOut: 12,
  splitIn: 13,
  splitReturned: 14,
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
