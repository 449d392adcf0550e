import { compareRegions, reconcileRegion } from '../../reconciliation.ts'
import type { Check } from '../result.ts'
import type { RegionSite } from '../site/regionSite.ts'
import type { Site } from '../site/site.ts'
import type { Payment } from '../traffic/payment.ts'
import type { DrillWallet } from '../traffic/wallets.ts'
import { differingShards, type MoneyStatement, moneyStatement } from './money.ts'
import { RegionReader, type Totals, totalsAtRest } from './readRegion.ts'
import { compareAnswers, differingLines, type Offence, type SetFindings, unexplainedBalances } from './setAlgebra.ts'

const restWithinMs = 60_000
const listsWithinMs = 90_000
const shownMax = 5

export type Verified = { checks: Check[]; sets: SetFindings; money: MoneyStatement[]; possiblyLost: Offence[] }

export const readersOf = (regions: readonly RegionSite[]): RegionReader[] =>
  regions.map((site) => {
    const { edgeUrl, caFile, operatorKeyFile } = site.facts()
    return new RegionReader({ region: site.letter, edgeUrl, caFile, operatorKeyFile })
  })

/** Judges the whole installation by what it says in the end and by what its customers were told. */
export async function verify(
  site: Site,
  wallets: readonly DrillWallet[],
  payments: readonly Payment[],
  before: { openingFen: readonly number[]; totals: readonly Totals[] },
  mayBeLost: ReadonlySet<Payment>,
): Promise<Verified> {
  const { regions } = site
  const readers = readersOf(regions)
  const totals = await totalsAtRest(readers, restWithinMs)
  const deadlineMs = performance.now() + listsWithinMs
  const views = await Promise.all(readers.map((reader) => reader.view(wallets, deadlineMs)))
  const sets = compareAnswers(payments, before.openingFen, views)
  const money = totals.map((after, i) => moneyStatement(before.totals[i]!, after))
  const missing = new Set(sets.lost.map(({ id }) => id))
  const accepted = new Set([...mayBeLost].map(({ id }) => id))
  const standing = payments.filter(({ id }) => !missing.has(id) || !accepted.has(id))
  const balances = unexplainedBalances(standing, before.openingFen, views)
  const lines = differingLines(views)
  const shards = differingShards(totals)
  const difference = Math.max(...money.map(({ differenceFen }) => differenceFen))
  const checks = [
    ...setChecks(sets, accepted),
    check('every wallet holds what the answers make it', balances),
    {
      name: 'money is conserved',
      verdict: difference === 0 ? ('pass' as const) : ('fail' as const),
      detail: money.map(({ region, differenceFen }) => `region ${region}: difference ${differenceFen} fen`).join('; '),
    },
    ...(regions.length > 1
      ? [check('both regions hold the same bytes', shards), check('both journals say the same, line by line', lines)]
      : []),
    ...(regions.length > 1 ? [await compared(site.dataDir)] : []),
    ...(await Promise.all(regions.map(reconciled))),
  ]
  const possiblyLost = [...mayBeLost].map(({ id, fen }) => ({ id, fen, detail: missing.has(id) ? 'missing' : 'there' }))
  return { checks, sets, money, possiblyLost: possiblyLost.toSorted((one, two) => (two.detail < one.detail ? -1 : 1)) }
}

function setChecks(sets: SetFindings, accepted: ReadonlySet<string>): Check[] {
  const offences = (all: readonly Offence[]): string[] => all.map(({ id, detail }) => `${id} ${detail}`)
  return [
    check('every payment has an outcome in the end', sets.unanswered),
    check(
      accepted.size === 0 ? 'no acknowledged payment is lost' : 'no acknowledged payment is lost but those listed',
      offences(sets.lost.filter(({ id }) => !accepted.has(id))),
    ),
    check('no payment took effect twice', offences(sets.doubled)),
    check('no payment was answered in two ways', offences(sets.contradicted)),
    check('nothing moved that nobody asked for', offences(sets.unexplained)),
  ]
}

/** Passes when nothing was found against it. */
function check(name: string, found: readonly string[]): Check {
  if (found.length === 0) return { name, verdict: 'pass', detail: 'none found' }
  const more = found.length > shownMax ? `; and ${found.length - shownMax} more` : ''
  return { name, verdict: 'fail', detail: `${found.length}: ${found.slice(0, shownMax).join('; ')}${more}` }
}

async function reconciled({ letter, dataDir }: RegionSite): Promise<Check> {
  return judged(`region ${letter} reconciles with its journal, issuance and both banks`, async () => {
    const { verdict, figures, notes } = await reconcileRegion(dataDir)
    const passed = verdict === 'pass' && figures['difference.fen'] === 0 && figures['wallets.differing'] === 0
    const detail = `difference ${figures['difference.fen']} fen, ${figures['wallets.differing']} wallets differ`
    return { verdict: passed ? 'pass' : 'fail', detail: [detail, ...notes.slice(0, shownMax)].join('; ') }
  })
}

async function compared(dataDir: string): Promise<Check> {
  return judged('both databases hold the same rows, opened', async () => {
    const { verdict, figures, notes } = await compareRegions(dataDir)
    const found = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
    return { verdict: verdict as Check['verdict'], detail: [...notes.slice(0, shownMax), ...found].join('; ') }
  })
}

/** A judge that cannot say anything has not said that all is well. */
async function judged(name: string, judge: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
  try {
    return { name, ...(await judge()) }
  } catch (error) {
    return { name, verdict: 'unknown', detail: error instanceof Error ? error.message : String(error) }
  }
}
