/**
 * A slow and obvious judge of risk, written from the paper and not from the code: it keeps every payment in a list and
 * looks through all of it for each question. It imports nothing of what it is compared with.
 */
export type ModelRule = {
  kind: 'payerFrequency' | 'deviceFrequency' | 'merchantFrequency' | 'habit' | 'newDevice' | 'newLink'
  action: 'off' | 'refuse' | 'stepUp'
  /** 0 ten seconds, 1 a minute, 2 an hour; of what is no frequency always 0. */
  window: number
  paymentsMax: number
  factor: number
  fen: number
  ageMs: number
  effectiveMs: number
  saidMs: number
}
export type ModelWay = 'person' | 'nobody'
type ModelPayment = {
  payer: string
  payee: string
  fen: number
  atMs: number
  device: number
  way: ModelWay
  taken: boolean
  /** Rules that were there, or to come, when it was made: only for these anything of it is kept. */
  keptFor: ReadonlySet<ModelRule['kind']>
}
type Asked = Pick<ModelPayment, 'payer' | 'payee' | 'fen' | 'device' | 'way'>

const windowsMs = [10_000, 60_000, 3_600_000]
const devicesKept = 4
const habitPayments = 5

export class RiskModel {
  readonly rules: ModelRule[] = []
  readonly #payments: ModelPayment[] = []
  readonly #merchants: ReadonlySet<string>
  /** Who confirms each payment in person. */
  readonly #inPerson: ReadonlySet<string>
  readonly standings = new Map<string, 'payee-suspended' | 'payee-blacklisted'>()
  readonly linkedMs = new Map<string, number>()
  nowMs = 0

  constructor(merchants: readonly string[], inPerson: readonly string[]) {
    this.#merchants = new Set(merchants)
    this.#inPerson = new Set(inPerson)
  }

  /** How many versions have come into force. */
  get version(): number {
    return this.rules.filter(({ effectiveMs }) => effectiveMs <= this.nowMs).length
  }

  /** Of what has begun the latest word about this; a date that had passed when it was said means then. */
  #inForce(kind: ModelRule['kind'], window = 0): ModelRule | undefined {
    const since = ({ effectiveMs, saidMs }: ModelRule): number => Math.max(effectiveMs, saidMs)
    const begun = this.rules.filter(
      (one) => one.kind === kind && one.window === window && one.effectiveMs <= this.nowMs,
    )
    const latest = begun.toSorted((a, b) => since(a) - since(b) || a.saidMs - b.saidMs).at(-1)
    return latest?.action === 'off' ? undefined : latest
  }

  #isKept(kind: ModelRule['kind']): boolean {
    const comes = this.rules.some((one) => one.kind === kind && one.action !== 'off' && one.effectiveMs > this.nowMs)
    return comes || windowsMs.some((_, window) => this.#inForce(kind, window) !== undefined)
  }

  /** Payments in a window that ends now, which is counted in sevenths: the eight newest. */
  #within(window: number, kind: ModelRule['kind'], isIt: (one: ModelPayment) => boolean): ModelPayment[] {
    const seventhMs = Math.ceil(windowsMs[window]! / 7)
    const oldest = Math.floor(this.nowMs / seventhMs) - 7
    return this.#payments.filter(
      (one) => isIt(one) && one.keptFor.has(kind) && Math.floor(one.atMs / seventhMs) >= oldest,
    )
  }

  #refusalBy({ action }: ModelRule, payer: string, way: ModelWay, refusal: string): string | undefined {
    if (action === 'refuse') return refusal
    return way === 'person' && this.#inPerson.has(payer) ? undefined : 'confirmation-required'
  }

  /** Why the payer may not pay, by the first rule that says so: those about frequency by window, then the others. */
  #judgePayer(asked: Asked): string | undefined {
    const { payer, device, way } = asked
    const said: (string | undefined)[] = []
    for (const window of windowsMs.keys()) {
      const own = this.#inForce('payerFrequency', window)
      const paid = this.#within(window, 'payerFrequency', (one) => one.payer === payer).length
      if (own !== undefined && paid >= own.paymentsMax) said.push(this.#refusalBy(own, payer, way, 'risk-frequency'))
      const others = way === 'person' && device !== 0 ? this.#inForce('deviceFrequency', window) : undefined
      const used = this.#within(
        window,
        'deviceFrequency',
        (one) => one.device === device && one.way === 'person',
      ).length
      if (others !== undefined && used >= others.paymentsMax) {
        said.push(this.#refusalBy(others, payer, way, 'risk-frequency'))
      }
    }
    if (way === 'person') said.push(this.#judgeHabit(asked), this.#judgeDevice(asked))
    return said.find((one) => one !== undefined)
  }

  /** What a payer does by itself, as far as it was kept. */
  #habitOf(payer: string): ModelPayment[] {
    const isKept = ({ keptFor }: ModelPayment): boolean => keptFor.has('habit') || keptFor.has('newDevice')
    return this.#payments.filter((one) => one.payer === payer && one.way === 'person' && isKept(one))
  }

  #judgeHabit({ payer, fen, way }: Asked): string | undefined {
    const rule = this.#inForce('habit')
    const paid = this.#habitOf(payer)
    if (rule === undefined || fen <= rule.fen || paid.length < habitPayments) return undefined
    // Eight times the average, from which each payment takes an eighth and adds itself.
    let eightfold = BigInt(paid[0]!.fen) * 8n
    for (const one of paid) eightfold += BigInt(one.fen) - eightfold / 8n
    const isUsual = BigInt(fen) <= (eightfold / 8n) * BigInt(rule.factor)
    return isUsual ? undefined : this.#refusalBy(rule, payer, way, 'risk-amount')
  }

  #judgeDevice({ payer, fen, device, way }: Asked): string | undefined {
    const rule = this.#inForce('newDevice')
    if (rule === undefined || fen <= rule.fen) return undefined
    let known: { device: number; firstMs: number; usedMs: number }[] = []
    for (const one of this.#habitOf(payer)) {
      if (one.device === 0) continue
      const before = known.find((other) => other.device === one.device)
      if (before === undefined) known.push({ device: one.device, firstMs: one.atMs, usedMs: one.atMs })
      else before.usedMs = one.atMs
      known = known.toSorted((a, b) => b.usedMs - a.usedMs).slice(0, devicesKept)
    }
    const isKnown = known.some((one) => one.device === device && one.firstMs <= this.nowMs - rule.ageMs)
    return isKnown ? undefined : this.#refusalBy(rule, payer, way, 'risk-device')
  }

  #judgePayee({ payee, fen }: Asked): string | undefined {
    const standing = this.standings.get(payee)
    if (standing !== undefined || !this.#merchants.has(payee)) return standing
    const isTooMuch = windowsMs.some((_, window) => {
      const rule = this.#inForce('merchantFrequency', window)
      if (rule === undefined) return false
      const took = this.#within(window, 'merchantFrequency', (one) => one.payee === payee && one.taken)
      const tookFen = took.reduce((sum, one) => sum + one.fen, 0)
      return took.length >= rule.paymentsMax || tookFen + fen > rule.fen
    })
    return isTooMuch ? 'payee-frequency' : undefined
  }

  /** @param beside whether payer and payee share a shard: else the money leaves, and may come back */
  pay(asked: Asked, beside: boolean): string {
    const own = this.#judgePayer(asked)
    if (own !== undefined) return own
    const others = this.#judgePayee(asked)
    if (others !== undefined && beside) return others
    const kinds = ['payerFrequency', 'deviceFrequency', 'merchantFrequency', 'habit', 'newDevice'] as const
    const keptFor = new Set(kinds.filter((kind) => this.#isKept(kind)))
    this.#payments.push({ ...asked, atMs: this.nowMs, taken: others === undefined, keptFor })
    return others ?? 'accepted'
  }

  recharge(payer: string, fen: number): string {
    const rule = this.#inForce('newLink')
    if (rule === undefined || fen <= rule.fen || this.nowMs - this.linkedMs.get(payer)! >= rule.ageMs) return 'accepted'
    return this.#refusalBy(rule, payer, 'person', 'risk-linked-account') ?? 'accepted'
  }
}
