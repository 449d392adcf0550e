import { finalAnswer, finalAnswers, type Payment } from '../traffic/payment.ts'
import type { Entry, RegionView } from './regionView.ts'

export type Offence = { readonly id: string; readonly fen: number; readonly detail: string }

/** Sets over the ids of every payment that anybody was ever told about. */
export type SetFindings = {
  /** Ids with a final answer. */
  readonly answered: number
  readonly acknowledged: number
  readonly refused: number
  /** Nobody ever said what became of them. */
  readonly unanswered: readonly string[]
  /** Told to be done, and not there, or not as told, in at least one region. */
  readonly lost: readonly Offence[]
  /** Took effect more than once. */
  readonly doubled: readonly Offence[]
  /** Answered in two ways, or done although it was refused. */
  readonly contradicted: readonly Offence[]
  /** Money that moved in a wallet of the drill without anybody having asked for it, or by half. */
  readonly unexplained: readonly Offence[]
}

type Counts = { out: number; in: number; returned: number }

/** Holds every answer against what each region's journal says of its id. */
export function compareAnswers(
  payments: readonly Payment[],
  openingFen: readonly number[],
  views: readonly RegionView[],
): SetFindings {
  const found = { lost: [] as Offence[], doubled: [] as Offence[], contradicted: [] as Offence[] }
  const unexplained: Offence[] = []
  const byRegion = views.map((view) => ({
    region: view.region,
    counted: countById(payments, openingFen, view, unexplained),
  }))
  const tally = { answered: 0, acknowledged: 0, refused: 0 }
  const unanswered: string[] = []
  for (const payment of payments) {
    const answer = finalAnswer(payment)
    if (answer === undefined) unanswered.push(payment.id)
    else {
      tally.answered += 1
      tally[answer.outcome === 'completed' ? 'acknowledged' : 'refused'] += 1
    }
    const told = new Set(finalAnswers(payment).map(({ text }) => text))
    if (told.size > 1) found.contradicted.push(offence(payment, `was answered in ${told.size} ways`))
    const perRegion = byRegion.map(({ region, counted }) => judgeOne(payment, region, counted.get(payment.id)!))
    for (const set of ['lost', 'doubled', 'contradicted'] as const) {
      const details = perRegion.flatMap((one) => one[set] ?? [])
      if (details.length > 0) found[set].push(offence(payment, details.join('; ')))
    }
    unexplained.push(...perRegion.flatMap(({ half }) => (half === undefined ? [] : [offence(payment, half)])))
  }
  return { ...tally, unanswered, ...found, unexplained }
}

const offence = ({ id, fen }: Payment, detail: string): Offence => ({ id, fen, detail })

/** Counts the lines of each payment in a region's lists; what belongs to none is an offence by itself. */
function countById(
  payments: readonly Payment[],
  openingFen: readonly number[],
  view: RegionView,
  unexplained: Offence[],
): Map<string, Counts> {
  const known = new Map(payments.map((payment) => [payment.id, payment]))
  const counted = new Map(payments.map(({ id }) => [id, { out: 0, in: 0, returned: 0 }]))
  for (const [wallet, entries] of view.entries.entries()) {
    const opening = entries.findIndex(({ kind }) => kind === 'recharge')
    for (const [n, entry] of entries.entries()) {
      // What a wallet of the drill was opened with. A second recharge is nobody's.
      if (n === opening && entry.fen === openingFen[wallet]) continue
      const payment = known.get(entry.id)
      if (payment === undefined || !fits(payment, wallet, entry, counted.get(entry.id)!)) {
        const detail = `${view.region}: wallet ${wallet} has ${entry.kind} of ${entry.fen} fen that was not asked for`
        unexplained.push({ id: entry.id, fen: Math.abs(entry.fen), detail })
      }
    }
  }
  return counted
}

function fits({ payer, payee, fen }: Payment, wallet: number, entry: Entry, counts: Counts): boolean {
  if (entry.kind === 'payment_out' && wallet === payer && entry.fen === -fen) counts.out += 1
  else if (entry.kind === 'payment_returned' && wallet === payer && entry.fen === fen) counts.returned += 1
  else if (entry.kind === 'payment_in' && wallet === payee && entry.fen === fen) counts.in += 1
  else return false
  return true
}

type Judged = { lost?: string; doubled?: string; contradicted?: string; half?: string }

function judgeOne(payment: Payment, region: string, { out, in: into, returned }: Counts): Judged {
  const answer = finalAnswer(payment)
  const lines = `${region}: ${out} out, ${into} in, ${returned} returned`
  if (out > 1 || into > 1 || returned > 1) return { doubled: lines }
  if (answer?.outcome === 'completed') return out === 1 && into === 1 && returned === 0 ? {} : { lost: lines }
  if (answer?.outcome === 'refused') return into === 0 && out === returned ? {} : { contradicted: lines }
  // Nobody said what became of it: then at least all of it or nothing of it was done.
  return out === into + returned ? {} : { half: lines }
}

/** Wallets that do not hold what the answers make of what they held before. */
export function unexplainedBalances(
  payments: readonly Payment[],
  openingFen: readonly number[],
  views: readonly RegionView[],
): string[] {
  const expected = [...openingFen]
  for (const payment of payments) {
    if (finalAnswer(payment)?.outcome !== 'completed') continue
    expected[payment.payer]! -= payment.fen
    expected[payment.payee]! += payment.fen
  }
  return views.flatMap(({ region, balancesFen }) =>
    expected.flatMap((fen, wallet) =>
      balancesFen[wallet] === fen
        ? []
        : [`${region}: wallet ${wallet} holds ${balancesFen[wallet]} fen, the answers make it ${fen}`],
    ),
  )
}

/** Lines that the two regions' journals do not have alike, opened. */
export function differingLines([first, ...others]: readonly RegionView[]): string[] {
  if (first === undefined) return []
  return others.flatMap((other) =>
    first.entries.flatMap((entries, wallet) => {
      const here = new Set(entries.map(({ line }) => line))
      const there = new Set(other.entries[wallet]!.map(({ line }) => line))
      return [
        ...[...here].filter((line) => !there.has(line)).map((line) => `only in ${first.region}: ${line}`),
        ...[...there].filter((line) => !here.has(line)).map((line) => `only in ${other.region}: ${line}`),
      ]
    }),
  )
}
