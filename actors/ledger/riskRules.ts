import { fenMax } from './money.ts'
import { versionsMax } from './rules.ts'

/** What is judged before money moves, beside limits. */
export const riskKinds = {
  payerFrequency: 1,
  deviceFrequency: 2,
  merchantFrequency: 3,
  habit: 4,
  newDevice: 5,
  newLink: 6,
} as const
/** What becomes of a payment that a rule speaks of. `off` ends a rule. `stepUp`: the payer has to confirm in person. */
export const riskActions = { off: 0, refuse: 1, stepUp: 2 } as const
/** What the frequency of payments may be counted in. */
export const riskWindowsMs = [10_000, 60_000, 3_600_000] as const

const windows = riskWindowsMs.length
const frequencyKinds = riskKinds.merchantFrequency
/** Of a saved version. */
const versionFields = 9
const places = frequencyKinds * windows + 3

export type RiskRuleVersion = {
  kind: number
  action: number
  /** Of a frequency: which of the windows. */
  window: number
  /** Of a frequency: most payments in a window. */
  paymentsMax: number
  /** Of a habit: how many times the average is too much. */
  factor: number
  /** Most that merchants take in a window; or the amount above which the rule speaks. */
  fen: number
  /** From which age on a device or a linked account is no longer new. */
  ageMs: number
  effectiveMs: number
  /** When the last person said so: of two versions with one date the later word counts, in every shard. */
  saidMs: number
}

/** Where a rule stands among those of which one version each can be in force. */
export function riskPlace(kind: number, window: number): number {
  return kind <= frequencyKinds ? (kind - 1) * windows + window : frequencyKinds * windows + kind - frequencyKinds - 1
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= fenMax

/** Whether a version says something that can be judged. */
export function isRiskRule(rule: Omit<RiskRuleVersion, 'saidMs'>): boolean {
  const { kind, action, window, paymentsMax, factor, fen, ageMs, effectiveMs } = rule
  if (kind < 1 || kind > riskKinds.newLink || action > riskActions.stepUp || window >= windows) return false
  if (![paymentsMax, factor, fen, ageMs].every(isCount) || !Number.isSafeInteger(effectiveMs)) return false
  // Whoever takes money cannot confirm for the one who pays.
  if (kind === riskKinds.merchantFrequency && action === riskActions.stepUp) return false
  return kind !== riskKinds.habit || factor > 0
}

/**
 * Risk rules as dated data: what is in force is a function of log time and of which versions have come, in whatever
 * order they came, so that all shards judge alike and a replay judges as on the day.
 */
export class RiskRules {
  versions: RiskRuleVersion[] = []
  /** Whether a change of rules needs a second person. */
  secondPerson = false
  /** By place: what is in force. */
  readonly #inForce: (RiskRuleVersion | undefined)[] = []
  /** By kind, a bit each: what is judged now; and what is kept, because a rule is to come that will need it. */
  judged = 0
  kept = 0
  /** How many versions have come into force so far. */
  version = 0
  /** How many of these were forgotten, since later ones had come into force. */
  #forgotten = 0
  #nextChangeMs = 0

  inForce(kind: number, window = 0): RiskRuleVersion | undefined {
    return this.#inForce[riskPlace(kind, window)]
  }

  /** As `Rules.makeRoom`. */
  makeRoom(logTimeMs: number): boolean {
    if (this.versions.length < versionsMax) return true
    const inForce = new Set(this.#latest(logTimeMs))
    const kept = this.versions.filter((version) => version.effectiveMs > logTimeMs || inForce.has(version))
    this.#forgotten += this.versions.length - kept.length
    this.versions = kept
    return kept.length < versionsMax
  }

  /** By place: the version that counts at a log time. */
  #latest(logTimeMs: number): (RiskRuleVersion | undefined)[] {
    const found: (RiskRuleVersion | undefined)[] = new Array(places).fill(undefined)
    for (const version of this.versions) {
      const place = riskPlace(version.kind, version.window)
      if (version.effectiveMs <= logTimeMs && !isBefore(version, found[place])) found[place] = version
    }
    return found
  }

  add(version: RiskRuleVersion): void {
    this.versions.push(version)
    this.#nextChangeMs = 0
  }

  /** Prepares what is in force when log time has reached the next change. */
  advance(logTimeMs: number): void {
    if (logTimeMs < this.#nextChangeMs) return
    this.#nextChangeMs = Number.POSITIVE_INFINITY
    const found = this.#latest(logTimeMs)
    let kept = 0
    this.version = this.#forgotten
    for (const version of this.versions) {
      if (version.effectiveMs > logTimeMs) {
        this.#nextChangeMs = Math.min(this.#nextChangeMs, version.effectiveMs)
        if (version.action !== riskActions.off) kept |= 1 << version.kind
        continue
      }
      this.version += 1
    }
    this.judged = 0
    for (const [place, version] of found.entries()) {
      const isOn = version !== undefined && version.action !== riskActions.off
      this.#inForce[place] = isOn ? version : undefined
      if (isOn) this.judged |= 1 << version.kind
    }
    this.kept = kept | this.judged
  }

  save(): Float64Array {
    const out = [this.secondPerson ? 1 : 0]
    for (const v of this.versions) {
      out.push(v.kind, v.action, v.window, v.paymentsMax, v.factor, v.fen, v.ageMs, v.effectiveMs, v.saidMs)
    }
    if (this.#forgotten > 0) out.push(this.#forgotten)
    return Float64Array.from(out)
  }

  load(saved: Float64Array): void {
    this.secondPerson = saved[0] === 1
    this.versions = []
    const [last = 0] = saved.slice(-1)
    this.#forgotten = saved.length % versionFields === 1 ? 0 : last
    for (let at = 1; at + versionFields <= saved.length; at += versionFields) {
      const [kind = 0, action = 0, window = 0, paymentsMax = 0, factor = 0] = saved.subarray(at)
      const [fen = 0, ageMs = 0, effectiveMs = 0, saidMs = 0] = saved.subarray(at + 5)
      this.versions.push({ kind, action, window, paymentsMax, factor, fen, ageMs, effectiveMs, saidMs })
    }
    this.#nextChangeMs = 0
  }
}

/** From when on a version counts: a date that had passed when it was said means then. The same in every shard. */
export function sinceMs({ effectiveMs, saidMs }: RiskRuleVersion): number {
  return Math.max(effectiveMs, saidMs)
}

function isBefore(a: RiskRuleVersion, b: RiskRuleVersion | undefined): boolean {
  if (b === undefined || sinceMs(a) > sinceMs(b)) return false
  return sinceMs(a) < sinceMs(b) || a.saidMs < b.saidMs
}
