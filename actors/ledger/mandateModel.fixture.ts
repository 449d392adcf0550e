/**
 * A slow and obvious book of mandates, written from the paper and not from the code: lists of times, calendar text, no
 * heap. It imports nothing of what it is compared with. There is one payee, who shares a shard with some payers.
 */
export type ModelTerms = {
  payer: string
  scheduled: boolean
  period: 'once' | 'day' | 'week' | 'month'
  fen: number
  periodFen: number
  firstMs: number
  endsMs: number
  countMax: number
}
export type ModelMandate = ModelTerms & {
  state: 'active' | 'cancelled' | 'over'
  takenIn: Map<string, number>
  takenFen: number
  payments: number
  missed: number
  /** Which time of a schedule comes next, and how often that was tried. */
  nth: number
  tries: number
  nextMs: number
}
type OnTheWay = { mandate: ModelMandate; fen: number; period: string }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const inShanghai = (ms: number): Date => new Date(ms + 8 * hourMs)

/** The period of a moment in the words of a calendar; of a week its Monday. */
export function periodText(ms: number, period: ModelTerms['period']): string {
  const local = inShanghai(ms)
  if (period === 'once') return ''
  if (period === 'week') local.setUTCDate(local.getUTCDate() - ((local.getUTCDay() + 6) % 7))
  return local.toISOString().slice(0, period === 'month' ? 7 : 10)
}

function nthTimeMs({ firstMs, period }: ModelTerms, n: number): number {
  if (period !== 'month') return firstMs + n * (period === 'week' ? 7 * dayMs : dayMs)
  const first = inShanghai(firstMs)
  const [year, month] = [first.getUTCFullYear(), first.getUTCMonth() + n]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const midnightMs = Date.UTC(year, month, Math.min(first.getUTCDate(), last)) - 8 * hourMs
  return midnightMs + ((firstMs + 8 * hourMs) % dayMs)
}

export class MandateModel {
  readonly balances: Map<string, number>
  readonly mandates: ModelMandate[] = []
  readonly #besidePayee: ReadonlySet<string>
  readonly #onTheWay: OnTheWay[] = []
  payeeFen = 0
  payeeFrozen = false

  constructor(payers: readonly (readonly [name: string, fen: number])[], besidePayee: readonly string[]) {
    this.balances = new Map(payers)
    this.#besidePayee = new Set(besidePayee)
  }

  sign(terms: ModelTerms): void {
    const nothingYet = { takenFen: 0, payments: 0, missed: 0, nth: 0, tries: 0, nextMs: terms.firstMs }
    this.mandates.push({ ...terms, ...nothingYet, state: 'active', takenIn: new Map() })
  }

  cancel(mandate: ModelMandate): string {
    if (mandate.state === 'over') return 'mandate-ended'
    mandate.state = 'cancelled'
    return 'accepted'
  }

  collect(mandate: ModelMandate, fen: number, nowMs: number): string {
    if (mandate.scheduled) return 'mandate-scheduled'
    if (mandate.state !== 'active') return mandate.state === 'over' ? 'mandate-ended' : 'mandate-cancelled'
    if (nowMs < mandate.firstMs) return 'mandate-early'
    const taken = mandate.takenIn.get(periodText(nowMs, mandate.period)) ?? 0
    if (fen > mandate.fen || taken + fen > mandate.periodFen) return 'mandate-exceeded'
    const outcome = this.#pay(mandate, fen, nowMs)
    if (outcome === 'accepted' && mandate.payments === mandate.countMax) mandate.state = 'over'
    return outcome
  }

  #pay(mandate: ModelMandate, fen: number, nowMs: number): string {
    const { payer } = mandate
    const balance = this.balances.get(payer)!
    if (balance < fen) return 'funds-insufficient'
    const here = this.#besidePayee.has(payer)
    if (here && this.payeeFrozen) return 'payee-frozen'
    const period = periodText(nowMs, mandate.period)
    this.balances.set(payer, balance - fen)
    this.#count(mandate, fen, period)
    mandate.payments += 1
    if (here) this.payeeFen += fen
    else this.#onTheWay.push({ mandate, fen, period })
    return 'accepted'
  }

  #count(mandate: ModelMandate, fen: number, period: string): void {
    mandate.takenIn.set(period, (mandate.takenIn.get(period) ?? 0) + fen)
    mandate.takenFen += fen
  }

  /** What is on its way is the payee's, or the payer's again. */
  arrive(nowMs: number): void {
    for (const { mandate, fen, period } of this.#onTheWay.splice(0)) {
      if (!this.payeeFrozen) {
        this.payeeFen += fen
        continue
      }
      this.balances.set(mandate.payer, this.balances.get(mandate.payer)! + fen)
      this.#count(mandate, -fen, period)
      if (mandate.scheduled) mandate.missed += 1
      const ended = mandate.endsMs !== 0 && nowMs >= mandate.endsMs
      const wasLast = !mandate.scheduled && mandate.payments === mandate.countMax && !ended
      if (wasLast && mandate.state === 'over') mandate.state = 'active'
      mandate.payments -= 1
    }
  }

  /** Everything whose time has come, in the order of its times. */
  goOn(nowMs: number): void {
    const due = this.mandates.filter((one) => one.state === 'active' && one.scheduled && one.nextMs <= nowMs)
    for (const mandate of due.sort((a, b) => a.nextMs - b.nextMs)) this.#runSchedule(mandate, nowMs)
    for (const mandate of this.mandates) {
      if (mandate.state === 'active' && mandate.endsMs !== 0 && nowMs >= mandate.endsMs) mandate.state = 'over'
    }
  }

  #runSchedule(mandate: ModelMandate, nowMs: number): void {
    const { nth } = mandate
    let last = nth
    while (this.#isTime(mandate, last + 1) && nthTimeMs(mandate, last + 1) <= nowMs) last += 1
    mandate.missed += last - nth
    if (last > nth) mandate.tries = 0
    mandate.nth = last
    const ended = mandate.endsMs !== 0 && nowMs >= mandate.endsMs
    const outcome = ended ? 'mandate-late' : this.#pay(mandate, mandate.fen, nowMs)
    if (outcome === 'funds-insufficient' && this.#triesAgain(mandate, nowMs)) return
    if (outcome !== 'accepted') mandate.missed += 1
    mandate.nth += 1
    mandate.tries = 0
    if (this.#isTime(mandate, mandate.nth)) mandate.nextMs = nthTimeMs(mandate, mandate.nth)
    else mandate.state = 'over'
  }

  /** Whether a schedule has an nth time. */
  #isTime(mandate: ModelMandate, n: number): boolean {
    if (mandate.period === 'once') return n === 0
    if (mandate.countMax !== 0 && n >= mandate.countMax) return false
    return mandate.endsMs === 0 || nthTimeMs(mandate, n) < mandate.endsMs
  }

  #triesAgain(mandate: ModelMandate, nowMs: number): boolean {
    const againMs = nowMs + (mandate.period === 'day' ? 6 * hourMs : dayMs)
    // A schedule whose end lies before its next time has no next time, but its end.
    const hasNext = mandate.period !== 'once' && (mandate.countMax === 0 || mandate.nth + 1 < mandate.countMax)
    if (hasNext && againMs >= nthTimeMs(mandate, mandate.nth + 1)) return false
    if (mandate.endsMs !== 0 && againMs >= mandate.endsMs) return false
    if (mandate.tries === 3) return false
    mandate.tries += 1
    mandate.nextMs = againMs
    return true
  }
}
