/** A mandate that is over has run out: its last payment was made, its end has come, or nobody can be paid by it. */
export const mandateStates = { free: 0, active: 1, cancelled: 2, over: 3 } as const

export const mandateSchema = {
  /** Fen a payment, and at most a period. */
  amount: 'f64',
  periodAmount: 'f64',
  /** Fen taken in the period with this number. */
  periodTaken: 'f64',
  periodNumber: 'f64',
  /** Fen taken in all, without what came back. */
  taken: 'f64',
  /** Wallet number of who is paid. */
  payee: 'f64',
  firstMs: 'f64',
  endsMs: 'f64',
  /** Log time of the next try of a schedule. */
  nextMs: 'f64',
  signedMs: 'f64',
  /** Log time of the last payment or try, or of its end. */
  changedMs: 'f64',
  /** Log position of its signing. */
  seq: 'f64',
  index: 'u32',
  /** Row of the payer's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  countMax: 'u32',
  /** Payments that were made, and scheduled ones that were not. */
  payments: 'u32',
  missed: 'u32',
  /** Which time of the schedule comes next, counted from 0, and how often it has been tried. */
  occurrence: 'u32',
  tries: 'u8',
  /** What the last try came to. */
  lastCode: 'u8',
  payeeInstitution: 'u8',
  period: 'u8',
  scheduled: 'u8',
  state: 'u8',
  use: 'u16',
  id: 'bytes16',
} as const
