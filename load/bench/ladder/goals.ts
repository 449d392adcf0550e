import type { Judgement } from './ladder.ts'

type Figures = Readonly<Record<string, number>>

type Goal = {
  readonly figure: string
  readonly what: string
  readonly goal: number
  readonly least: number
  /** For a time: the goal is not to be above. */
  readonly most?: true
}

/** What the ladder must show on two cores, its load generator included. */
const goals: readonly Goal[] = [
  { figure: 'l0.per_core', what: 'L0 per core', goal: 3_000_000, least: 1_500_000 },
  { figure: 'l1.b8000.per_second', what: 'L1, 8,000 a batch, up to 8 in flight', goal: 1_000_000, least: 600_000 },
  { figure: 'l1.b1024.c1.per_second', what: 'L1, 1,024 a batch, one in flight', goal: 365_000, least: 250_000 },
  { figure: 'l1.b64.per_second', what: 'L1, 64 a batch, 4 in flight', goal: 100_000, least: 60_000 },
  { figure: 'l1.c1.p50_ms', what: 'L1, single, one at a time, p50 ms', goal: 1.3, least: 2, most: true },
  { figure: 'l2.c64.per_second', what: 'L2, 64 callers', goal: 6_000, least: 4_000 },
  { figure: 'l3.c64.per_second', what: 'L3, 64 callers, wallet to wallet', goal: 2_000, least: 1_000 },
  { figure: 'l3.c64.p99_ms', what: 'L3, 64 callers, wallet to wallet, p99 ms', goal: 50, least: 50, most: true },
  { figure: 'ratio.l1_b8000_over_postgres_single', what: 'L1 over PostgreSQL, single calls', goal: 100, least: 50 },
  { figure: 'ratio.l1_b8000_over_postgres_batched', what: 'L1 over PostgreSQL, batches', goal: 20, least: 10 },
  { figure: 'ratio.l1_sync_b1024_over_one_region', what: 'two regions over one, 1,024 a batch', goal: 0.6, least: 0.4 },
  { figure: 'l1.sync.c1.added_ms', what: 'two regions, single, p50 ms added', goal: 1.5, least: 1.5, most: true },
]

/** TigerBeetle with one replica on two cores; stands in where it was not run in the same breath. */
const tigerBeetleBar: Figures = {
  'tigerbeetle.b1.per_second': 742,
  'tigerbeetle.b64.per_second': 49_700,
  'tigerbeetle.b1024.per_second': 182_000,
  'tigerbeetle.b8189.per_second': 441_000,
}
const tigerBeetlePairs: readonly (readonly [string, string])[] = [
  ['l1.c1.per_second', 'tigerbeetle.b1.per_second'],
  ['l1.b64.per_second', 'tigerbeetle.b64.per_second'],
  ['l1.b1024.c1.per_second', 'tigerbeetle.b1024.per_second'],
  ['l1.b8000.per_second', 'tigerbeetle.b8189.per_second'],
]

/** Ratios to the peers and a line a goal. Unknown as long as a goal was not measured. */
export function judgeLadder(measured: Figures): Judgement {
  return judge(measured, goals)
}

/** The same of those rows that hold two regions against one. */
export function judgeRegions(measured: Figures): Judgement {
  return judge(
    measured,
    goals.filter(({ figure }) => figure.includes('sync')),
  )
}

function judge(measured: Figures, goals: readonly Goal[]): Judgement {
  const { figures, lines } = ratiosOf(measured)
  const all = { ...measured, ...figures }
  // 60% of what one core's raw signature checks allow, where that was measured.
  const verifyLimit = measured['l2.verify_limit_per_second']
  const own = goals.map((goal) =>
    goal.figure === 'l2.c64.per_second' && verifyLimit !== undefined
      ? { ...goal, goal: Math.max(goal.least, Math.round(verifyLimit * 0.6)) }
      : goal,
  )
  const standings = own.map((goal) => standingOf(goal, all[goal.figure]))
  const met = standings.every(({ standing }) => standing !== 'missed')
  const known = standings.every(({ standing }) => standing !== 'not measured')
  return {
    verdict: met ? (known ? 'pass' : 'unknown') : 'fail',
    figures,
    lines: [...lines, '', ...standings.map(({ line }) => line)],
  }
}

type Standing = { readonly standing: 'goal' | 'least' | 'missed' | 'not measured'; readonly line: string }

function standingOf({ figure, what, goal, least, most }: Goal, value: number | undefined): Standing {
  const reaches = (bound: number): boolean => value !== undefined && (most ? value <= bound : value >= bound)
  const standing = value === undefined ? 'not measured' : reaches(goal) ? 'goal' : reaches(least) ? 'least' : 'missed'
  const words = { goal: 'goal reached', least: 'above the least', missed: 'MISSED', 'not measured': 'not measured' }
  const sign = most ? '≤' : '≥'
  const bounds = `goal ${sign} ${text(goal)}, at least ${sign} ${text(least)}`
  const line = `${what.padEnd(40)} ${(value === undefined ? '-' : text(value)).padStart(10)}  ${words[standing].padEnd(15)}  ${bounds}  (${figure})`
  return { standing, line }
}

function ratiosOf(measured: Figures): { figures: Record<string, number>; lines: string[] } {
  const figures: Record<string, number> = {}
  const lines: string[] = []
  const add = (name: string, ours: string, theirs: string, peer: number | undefined, where: string): void => {
    const value = measured[ours]
    const peerText = `${theirs} ${peer === undefined ? 'not measured' : text(peer)}${where}`
    if (value === undefined || peer === undefined) {
      lines.push(`${ours} ${value === undefined ? 'not measured' : text(value)}; ${peerText}`)
      return
    }
    figures[name] = Math.round((value / peer) * 100) / 100
    lines.push(`${ours} ${text(value)} = ${text(figures[name])} × ${peerText}`)
  }
  for (const shape of ['single', 'batched'] as const) {
    const peer = `postgres.${shape}.per_second`
    add(`ratio.l1_b8000_over_postgres_${shape}`, 'l1.b8000.per_second', peer, measured[peer], '')
  }
  for (const [ours, theirs] of tigerBeetlePairs) {
    const here = measured[theirs]
    const where = here === undefined ? ', the bar (measured elsewhere on two cores)' : ''
    const name = `ratio.${ours.replace('.per_second', '').replaceAll('.', '_')}_over_tigerbeetle`
    add(name, ours, theirs, here ?? tigerBeetleBar[theirs], where)
  }
  const one = measured['l1.b1024.c1.per_second']
  add('ratio.l1_sync_b1024_over_one_region', 'l1.sync.b1024.c1.per_second', 'l1.b1024.c1.per_second', one, '')
  const [pair, alone] = [measured['l1.sync.c1.p50_ms'], measured['l1.c1.p50_ms']]
  if (pair !== undefined && alone !== undefined) figures['l1.sync.c1.added_ms'] = Math.round((pair - alone) * 100) / 100
  return { figures, lines }
}

const text = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })
