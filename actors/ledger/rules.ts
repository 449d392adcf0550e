import { fenMax } from './money.ts'

export const classesMax = 5
export const riskLevels = 4
export const riskBlocked = 3

export type ClassLimits = {
  class: number
  effectiveMs: number
  balance: number
  single: number
  day: number
  year: number
}
export type RiskRule = {
  level: number
  effectiveMs: number
  percent: number
  rechargesPerDayMax: number
  paymentsPerDayMax: number
}

/** How long a payment of an order may be refunded. */
export type RefundRule = { effectiveMs: number; days: number }

/** How long a recovery of a wallet waits for an objection. */
export type RecoveryRule = { effectiveMs: number; minutes: number }

type Version = { effectiveMs: number; class?: number; level?: number }
type VersionList = 'limits' | 'risk' | 'refunds' | 'recoveries'

/** Most versions of one kind that are kept. */
export const versionsMax = 1_000

const none = fenMax
const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * What is in force before anybody sets anything, in fen. Class 0 are corporate wallets, whose limits their institution
 * sets. Class IV as published (balance 10,000, single 2,000, day 5,000, year 50,000 yuan), III and II likewise, I none.
 */
export const limitsAtGenesis: readonly ClassLimits[] = [
  { class: 0, effectiveMs: 0, balance: none, single: none, day: none, year: none },
  { class: 1, effectiveMs: 0, balance: none, single: none, day: none, year: none },
  { class: 2, effectiveMs: 0, balance: 50_000_000, single: 5_000_000, day: 10_000_000, year: none },
  { class: 3, effectiveMs: 0, balance: 2_000_000, single: 500_000, day: 1_000_000, year: none },
  { class: 4, effectiveMs: 0, balance: 1_000_000, single: 200_000, day: 500_000, year: 5_000_000 },
]

export const riskRulesAtGenesis: readonly RiskRule[] = [
  { level: 0, effectiveMs: 0, percent: 100, rechargesPerDayMax: 100, paymentsPerDayMax: 50_000 },
  { level: 1, effectiveMs: 0, percent: 50, rechargesPerDayMax: 20, paymentsPerDayMax: 2_000 },
  { level: 2, effectiveMs: 0, percent: 20, rechargesPerDayMax: 3, paymentsPerDayMax: 100 },
  { level: 3, effectiveMs: 0, percent: 0, rechargesPerDayMax: 0, paymentsPerDayMax: 0 },
]

export const refundRulesAtGenesis: readonly RefundRule[] = [{ effectiveMs: 0, days: 30 }]
export const recoveryRulesAtGenesis: readonly RecoveryRule[] = [{ effectiveMs: 0, minutes: 1_440 }]

/**
 * Limits and risk rules as dated data. What is in force is a function of log time alone, so that a replay years later
 * judges as on the day. Prepared tables keep the payment path to array reads.
 */
export class Rules {
  /** All versions in order of arrival. */
  limits: ClassLimits[] = [...limitsAtGenesis]
  risk: RiskRule[] = [...riskRulesAtGenesis]
  refunds: RefundRule[] = [...refundRulesAtGenesis]
  recoveries: RecoveryRule[] = [...recoveryRulesAtGenesis]
  /** In force, by class * riskLevels + level. */
  readonly single = new Float64Array(classesMax * riskLevels)
  readonly day = new Float64Array(classesMax * riskLevels)
  /** In force, by class. */
  readonly balance = new Float64Array(classesMax)
  readonly year = new Float64Array(classesMax)
  /** In force, by level. */
  readonly rechargesPerDay = new Uint32Array(riskLevels)
  readonly paymentsPerDay = new Uint32Array(riskLevels)
  /** In force: how long after its payment an order may be refunded. */
  refundPeriodMs = 0
  /** In force: how long a recovery waits. */
  recoveryWaitMs = 0
  /** How many versions have come into force so far, beside those that were from the beginning. */
  version = 0
  /** How many of these were forgotten, since later ones had come into force. */
  #forgotten = 0
  /** Log time from which the prepared tables are wrong. */
  #nextChangeMs = 0

  /** Prepares the tables when log time has reached the next change. */
  advance(logTimeMs: number): void {
    if (logTimeMs < this.#nextChangeMs) return
    this.#nextChangeMs = Number.POSITIVE_INFINITY
    const inForce = <T extends { effectiveMs: number }>(versions: readonly T[], keyOf: (v: T) => number): T[] => {
      const found: T[] = []
      for (const version of versions) {
        if (version.effectiveMs > logTimeMs) this.#nextChangeMs = Math.min(this.#nextChangeMs, version.effectiveMs)
        // Of two versions with one date the later arrival counts.
        else if ((found[keyOf(version)]?.effectiveMs ?? 0) <= version.effectiveMs) found[keyOf(version)] = version
      }
      return found
    }
    const all = [...this.limits, ...this.risk, ...this.refunds, ...this.recoveries]
    this.version = this.#forgotten + countEntered(all, logTimeMs)
    const risk = inForce(this.risk, (v) => v.level)
    for (const limit of inForce(this.limits, (v) => v.class)) this.#prepare(limit, risk)
    for (const rule of risk) {
      this.rechargesPerDay[rule.level] = rule.rechargesPerDayMax
      this.paymentsPerDay[rule.level] = rule.paymentsPerDayMax
    }
    for (const { days } of inForce(this.refunds, () => 0)) this.refundPeriodMs = days * dayMs
    for (const { minutes } of inForce(this.recoveries, () => 0)) this.recoveryWaitMs = minutes * minuteMs
  }

  #prepare(limit: ClassLimits, risk: readonly RiskRule[]): void {
    this.balance[limit.class] = limit.balance
    this.year[limit.class] = limit.year
    for (const rule of risk) {
      const at = limit.class * riskLevels + rule.level
      this.single[at] = share(limit.single, rule.percent)
      this.day[at] = share(limit.day, rule.percent)
    }
  }

  /**
   * Makes sure that one version more may come: where there are as many as are kept, those are forgotten that a later one
   * has followed. False when all are in force or to come.
   */
  makeRoom(name: VersionList, logTimeMs: number): boolean {
    const versions: readonly Version[] = this[name]
    if (versions.length < versionsMax) return true
    const current = new Map<number, Version>()
    for (const version of versions) {
      const key = version.class ?? version.level ?? 0
      if (version.effectiveMs > logTimeMs || version.effectiveMs < (current.get(key)?.effectiveMs ?? 0)) continue
      current.set(key, version)
    }
    const inForce = new Set(current.values())
    const isPast = (version: Version): boolean => version.effectiveMs <= logTimeMs && !inForce.has(version)
    this.#forgotten += countEntered(versions.filter(isPast), logTimeMs)
    Object.assign(this, { [name]: versions.filter((version) => !isPast(version)) })
    return this[name].length < versionsMax
  }

  addLimits(limits: ClassLimits): void {
    this.limits.push(limits)
    this.#nextChangeMs = 0
  }

  addRisk(rule: RiskRule): void {
    this.risk.push(rule)
    this.#nextChangeMs = 0
  }

  addRefund(rule: RefundRule): void {
    this.refunds.push(rule)
    this.#nextChangeMs = 0
  }

  addRecovery(rule: RecoveryRule): void {
    this.recoveries.push(rule)
    this.#nextChangeMs = 0
  }

  save(): Float64Array {
    const out: number[] = [this.limits.length, this.risk.length, this.refunds.length, this.recoveries.length]
    for (const l of this.limits) out.push(l.class, l.effectiveMs, l.balance, l.single, l.day, l.year)
    for (const r of this.risk) out.push(r.level, r.effectiveMs, r.percent, r.rechargesPerDayMax, r.paymentsPerDayMax)
    for (const r of this.refunds) out.push(r.effectiveMs, r.days)
    for (const r of this.recoveries) out.push(r.effectiveMs, r.minutes)
    if (this.#forgotten > 0) out.push(this.#forgotten)
    return Float64Array.from(out)
  }

  load(saved: Float64Array): void {
    const [limitCount = 0, riskCount = 0, refundCount = 0, recoveryCount = 0] = saved
    const at = (i: number): number => saved[i]!
    this.limits = Array.from({ length: limitCount }, (_, n) => {
      const o = 4 + n * 6
      return {
        class: at(o),
        effectiveMs: at(o + 1),
        balance: at(o + 2),
        single: at(o + 3),
        day: at(o + 4),
        year: at(o + 5),
      }
    })
    this.risk = Array.from({ length: riskCount }, (_, n) => {
      const o = 4 + limitCount * 6 + n * 5
      return {
        level: at(o),
        effectiveMs: at(o + 1),
        percent: at(o + 2),
        rechargesPerDayMax: at(o + 3),
        paymentsPerDayMax: at(o + 4),
      }
    })
    this.refunds = Array.from({ length: refundCount }, (_, n) => {
      const o = 4 + limitCount * 6 + riskCount * 5 + n * 2
      return { effectiveMs: at(o), days: at(o + 1) }
    })
    this.recoveries = Array.from({ length: recoveryCount }, (_, n) => {
      const o = 4 + limitCount * 6 + riskCount * 5 + refundCount * 2 + n * 2
      return { effectiveMs: at(o), minutes: at(o + 1) }
    })
    this.#forgotten = saved[4 + limitCount * 6 + riskCount * 5 + refundCount * 2 + recoveryCount * 2] ?? 0
    this.#nextChangeMs = 0
  }
}

/** Percent of a limit, rounded down; none stays none unless the level allows nothing. */
function share(limit: number, percent: number): number {
  if (percent === 100) return limit
  if (limit === none) return percent === 0 ? 0 : none
  return Math.floor(limit / 100) * percent + Math.floor(((limit % 100) * percent) / 100)
}

/** How many versions somebody has entered that have come into force; those from the beginning are nobody's. */
function countEntered(versions: readonly Version[], logTimeMs: number): number {
  return versions.filter(({ effectiveMs }) => effectiveMs > 0 && effectiveMs <= logTimeMs).length
}
