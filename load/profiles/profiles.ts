// Plain data: k6 reads this file too, and knows neither Node nor npm.

/**
 * Kinds of requests: a payment, the same payment again, one above the payer's limit, a batch of an employer's payments
 * that the institution signs, and a read of a balance.
 */
export type RequestKind = 'pay' | 'repeat' | 'refused' | 'payroll' | 'balance'

/** From what it was, the rate goes evenly to this share of the whole, within this share of the duration. */
export type Stage = { readonly durationShare: number; readonly rateShare: number }

export type Profile = {
  readonly name: string
  readonly what: string
  /** Parts of a hundred. */
  readonly mix: Readonly<Record<RequestKind, number>>
  /** Parts of a hundred of the payments that go to one wallet, or come from one. */
  readonly hotPayeePercent: number
  readonly hotPayerPercent: number
  /** Every payment goes from a wallet whose shard one of two regions owns to a wallet whose shard the other owns. */
  readonly betweenRegions?: true
  /** None: one rate from beginning to end. The rate begins at 0 otherwise. */
  readonly stages: readonly Stage[]
  readonly gates: Gates
}

/** What makes a run fail, beside a request that could not be sent in time. Of payments, from when each was due. */
export type Gates = {
  /** Share of requests that got the answer they had to get. */
  readonly checksRateMin: number
  readonly p99MsMax: number
  readonly p999MsMax: number
}

/** Payments of one batch of a payroll. */
export const payrollRecords = 100

/** Sent but not measured at first: connections are made and code gets warm. */
export const warmUpMs = 3_000

const canonicalMix = { pay: 78, repeat: 5, refused: 2, payroll: 0, balance: 15 }
const evenly = { hotPayeePercent: 0, hotPayerPercent: 0 }

export const profiles = {
  canonical: {
    name: 'canonical',
    what: 'payments between any two wallets, reads of balances, repeated and refused payments',
    mix: canonicalMix,
    ...evenly,
    stages: [],
    gates: { checksRateMin: 0.9999, p99MsMax: 250, p999MsMax: 1_000 },
  },
  'hot-wallet': {
    name: 'hot-wallet',
    what: 'four payments of five go to one wallet, as to a shop on its best day',
    mix: { pay: 90, repeat: 0, refused: 0, payroll: 0, balance: 10 },
    hotPayeePercent: 80,
    hotPayerPercent: 0,
    stages: [],
    gates: { checksRateMin: 0.9999, p99MsMax: 500, p999MsMax: 1_000 },
  },
  'payroll-burst': {
    name: 'payroll-burst',
    what: 'employers, most often the same, pay everybody at once in batches: a steep rise, a plateau, a steep fall',
    mix: { pay: 90, repeat: 0, refused: 0, payroll: 5, balance: 5 },
    hotPayeePercent: 0,
    hotPayerPercent: 70,
    stages: [
      { durationShare: 0.2, rateShare: 0.1 },
      { durationShare: 0.1, rateShare: 1 },
      { durationShare: 0.4, rateShare: 1 },
      { durationShare: 0.1, rateShare: 0.1 },
      { durationShare: 0.2, rateShare: 0.1 },
    ],
    gates: { checksRateMin: 0.9999, p99MsMax: 1_000, p999MsMax: 2_000 },
  },
  'cross-region': {
    name: 'cross-region',
    what: 'the canonical mix, each payment from a wallet of one region to one of the other, through either edge',
    mix: canonicalMix,
    ...evenly,
    betweenRegions: true,
    stages: [],
    // Twice the canonical ones: a payment crosses the link twice, to be credited there and to be known as credited here.
    gates: { checksRateMin: 0.9999, p99MsMax: 500, p999MsMax: 2_000 },
  },
  soak: {
    name: 'soak',
    what: 'the canonical mix for as long as asked',
    mix: canonicalMix,
    ...evenly,
    stages: [],
    gates: { checksRateMin: 0.9999, p99MsMax: 250, p999MsMax: 1_000 },
  },
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
