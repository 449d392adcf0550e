/**
 * A slow and obvious ledger for payments, written from the paper and not from the code: maps, bigints, calendar text.
 * It imports nothing of what it is compared with.
 */
type Wallet = {
  shard: number
  fen: bigint
  group: 2 | 3 | 4
  frozen: boolean
  /** What was paid, by date and by year in Shanghai. */
  paid: Map<string, bigint>
}

export type ModelPayment = {
  payer: number
  payee: number
  fen: number
  id: string
  idMadeMs: number
  body: string
}

type Hold = {
  payer: number
  payee: number
  /** Not taken yet. */
  left: bigint
  /** In Shanghai. */
  placedOn: string
  expiresMs: number
  state: 'held' | 'captured' | 'voided' | 'expired'
}

type HoldAsked = { payer: number; payee: number; fen: number; expiresMs: number }

const published = {
  2: { balance: 500_000_00n, single: 50_000_00n, day: 100_000_00n, year: 10n ** 15n },
  3: { balance: 20_000_00n, single: 5_000_00n, day: 10_000_00n, year: 10n ** 15n },
  4: { balance: 10_000_00n, single: 2_000_00n, day: 5_000_00n, year: 50_000_00n },
} as const

const dateInShanghai = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)

export class ModelLedger {
  readonly wallets = new Map<number, Wallet>()
  readonly #holds = new Map<string, Hold>()
  readonly #ended = new Map<string, { body: string; outcome: string }>()
  /** By the shards it goes from and to: payments, and such as come back with their reason. */
  readonly #lanes: { payment: ModelPayment; date: string; back?: string }[][][]

  constructor(shards: number) {
    this.#lanes = Array.from({ length: shards }, () => Array.from({ length: shards }, () => []))
  }

  open(number: number, shard: number, group: 2 | 3 | 4, fen: number): void {
    this.wallets.set(number, { shard, fen: BigInt(fen), group, frozen: false, paid: new Map() })
  }

  total(): bigint {
    let sum = this.#lanes.flat(2).reduce((all, { payment }) => all + BigInt(payment.fen), 0n)
    for (const { fen } of this.wallets.values()) sum += fen
    for (const number of this.wallets.keys()) sum += this.heldOf(number)
    return sum
  }

  /** How the payment is answered in the payer's shard, `accepted` also while it is on its way. */
  pay(payment: ModelPayment, nowMs: number): string {
    const key = `${payment.payer} ${payment.id}`
    const known = this.#ended.get(key)
    if (known) return known.body === payment.body ? known.outcome : 'id-reused'
    if (payment.idMadeMs > nowMs + 300_000) return 'id-early'
    if (payment.idMadeMs < nowMs - 900_000) return 'id-expired'
    const outcome = this.#judge(payment, nowMs)
    this.#ended.set(key, { body: payment.body, outcome })
    if (outcome === 'accepted') this.#move(payment, nowMs)
    return outcome
  }

  /** All of them within one shard, or none: each is tried, and at the first that cannot be, all is as it was. */
  payLinked(payments: readonly ModelPayment[], nowMs: number): string[] {
    const before = [...this.wallets].map(
      ([number, wallet]) => [number, { ...wallet, paid: new Map(wallet.paid) }] as const,
    )
    for (const [i, payment] of payments.entries()) {
      const judged = this.#judge(payment, nowMs)
      const local = this.#shardOf(payment.payee) === this.wallets.get(payment.payer)!.shard
      const outcome = judged === 'accepted' && !local ? 'batch-not-local' : judged
      if (outcome !== 'accepted') {
        for (const [number, wallet] of before) this.wallets.set(number, wallet)
        return payments.map((_, n) => (n === i ? outcome : 'batch-linked'))
      }
      this.#move(payment, nowMs)
    }
    return payments.map(() => 'accepted')
  }

  /** Takes money aside; what is on the payee's side is asked when the payee takes it. */
  hold(id: string, { payer, payee, fen, expiresMs }: HoldAsked, nowMs: number): string {
    const outcome = this.#judgePayer(payer, payee, fen, nowMs)
    if (outcome !== 'accepted') return outcome
    const from = this.wallets.get(payer)!
    const placedOn = dateInShanghai(nowMs)
    from.fen -= BigInt(fen)
    this.#count(from, placedOn, BigInt(fen))
    this.#holds.set(id, { payer, payee, left: BigInt(fen), placedOn, expiresMs, state: 'held' })
    return 'accepted'
  }

  /** What is taken is free again for a moment, and a payment of today. */
  capture(id: string, fen: number, nowMs: number): string {
    const hold = this.#holds.get(id)!
    const { payer, payee } = hold
    if (fen <= 0) return 'amount-invalid'
    if (this.wallets.get(payer)!.frozen) return 'wallet-frozen'
    if (hold.state === 'expired') return 'hold-expired'
    if (hold.state !== 'held') return 'hold-ended'
    if (BigInt(fen) > hold.left) return 'hold-exceeded'
    const isHere = this.#shardOf(payee) === this.wallets.get(payer)!.shard
    const arrival = isHere ? this.#judgeArrival(payee, BigInt(fen)) : 'accepted'
    if (arrival !== 'accepted') return arrival
    this.#free(hold, BigInt(fen))
    if (hold.left === 0n) hold.state = 'captured'
    this.#move({ payer, payee, fen, id: `of ${id}`, idMadeMs: nowMs, body: '' }, nowMs)
    return 'accepted'
  }

  giveUp(id: string): string {
    const hold = this.#holds.get(id)!
    if (hold.state === 'expired') return 'hold-expired'
    if (hold.state === 'captured') return 'hold-ended'
    this.#free(hold, hold.left)
    hold.state = 'voided'
    return 'accepted'
  }

  /** Time goes on: what is over is its payer's again. */
  until(nowMs: number): void {
    for (const hold of this.#holds.values()) {
      if (hold.state !== 'held' || nowMs < hold.expiresMs) continue
      this.#free(hold, hold.left)
      hold.state = 'expired'
    }
  }

  heldOf(number: number): bigint {
    const own = [...this.#holds.values()].filter(({ payer }) => payer === number)
    return own.reduce((sum, { left }) => sum + left, 0n)
  }

  /** It counts no more against the limits of the day and year in which it was set aside. */
  #free(hold: Hold, fen: bigint): void {
    const from = this.wallets.get(hold.payer)!
    hold.left -= fen
    from.fen += fen
    this.#count(from, hold.placedOn, -fen)
  }

  #judge({ payer, payee, fen }: ModelPayment, nowMs: number): string {
    const outcome = this.#judgePayer(payer, payee, fen, nowMs)
    const isHere = this.#shardOf(payee) === this.wallets.get(payer)!.shard
    return outcome === 'accepted' && isHere ? this.#judgeArrival(payee, BigInt(fen)) : outcome
  }

  #judgePayer(payer: number, payee: number, fen: number, nowMs: number): string {
    const from = this.wallets.get(payer)!
    const limits = published[from.group]
    const amount = BigInt(fen)
    const date = dateInShanghai(nowMs)
    if (amount <= 0n) return 'amount-invalid'
    if (payer === payee) return 'payer-is-payee'
    if (from.frozen) return 'wallet-frozen'
    if (amount > limits.single) return 'single-limit-exceeded'
    if ((from.paid.get(date) ?? 0n) + amount > limits.day) return 'day-limit-exceeded'
    if ((from.paid.get(date.slice(0, 4)) ?? 0n) + amount > limits.year) return 'year-limit-exceeded'
    return from.fen < amount ? 'funds-insufficient' : 'accepted'
  }

  #judgeArrival(payee: number, amount: bigint): string {
    const to = this.wallets.get(payee)
    if (!to) return 'payee-unknown'
    if (to.frozen) return 'payee-frozen'
    const room = published[to.group].balance - this.heldOf(payee)
    return to.fen + amount > room ? 'payee-balance-limit-exceeded' : 'accepted'
  }

  #move(payment: ModelPayment, nowMs: number): void {
    const from = this.wallets.get(payment.payer)!
    const to = this.wallets.get(payment.payee)
    const date = dateInShanghai(nowMs)
    from.fen -= BigInt(payment.fen)
    this.#count(from, date, BigInt(payment.fen))
    if (to?.shard === from.shard) to.fen += BigInt(payment.fen)
    else this.#lanes[from.shard]![this.#shardOf(payment.payee)]!.push({ payment, date })
  }

  /** Known of strangers too: the last twelve bits of a number say where it belongs. */
  #shardOf(number: number): number {
    return (number % 4_096) % this.#lanes.length
  }

  #count(wallet: Wallet, date: string, fen: bigint): void {
    for (const period of [date, date.slice(0, 4)]) wallet.paid.set(period, (wallet.paid.get(period) ?? 0n) + fen)
  }

  /** Everything on its way arrives or comes home, lane by lane, until nothing is left. */
  arrive(): void {
    while (this.#lanes.flat(2).length > 0) {
      for (const [from, lanes] of this.#lanes.entries()) {
        for (const [to, lane] of lanes.entries()) this.#carry(lane.splice(0), this.#lanes[to]![from]!)
      }
    }
  }

  #carry(records: { payment: ModelPayment; date: string; back?: string }[], home: typeof records): void {
    for (const { payment, date, back } of records) {
      const amount = BigInt(payment.fen)
      const outcome = back ?? this.#judgeArrival(payment.payee, amount)
      const from = this.wallets.get(payment.payer)!
      if (outcome === 'accepted') this.wallets.get(payment.payee)!.fen += amount
      else if (back === undefined) home.push({ payment, date, back: outcome })
      else {
        from.fen += amount
        this.#count(from, date, -amount)
        this.#ended.set(`${payment.payer} ${payment.id}`, { body: payment.body, outcome })
      }
    }
  }
}
