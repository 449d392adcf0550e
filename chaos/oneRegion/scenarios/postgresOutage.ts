import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem } from '../../../edge/client/node.ts'
import { NotDemonstrated } from '../../processState.ts'
import type { Customers } from '../customers.ts'
import { type Field, type Measured, NotRecovered, type Scenario } from '../scenario.ts'

const catchUpWithinMs = 60_000
const askEveryMs = 100

/** Nobody may wait longer than this for a payment or a balance while only Postgres is away. */
const quietMsMax = 2_000

/** Payments and balances go on while Postgres is away; lists say that they cannot, and then catch up. */
async function outage(field: Field): Promise<Measured> {
  const { stage, customers, outageS } = field
  await customers.entries(0, 'patient')
  const sinceMs = performance.now()
  await stage.stopPostgres()
  const said = { behind: 0, away: 0, other: 0 }
  while (performance.now() - sinceMs < outageS * 1_000) {
    said[await whatListSays(customers)] += 1
    await sleep(askEveryMs * 5)
  }
  if (said.away === 0) throw new NotDemonstrated('no list said that it is not available, and how far it had come')
  const untilMs = performance.now()
  const [payments, reads] = [longestPauseMs(customers, 'payment', sinceMs), longestPauseMs(customers, 'read', sinceMs)]
  if (payments > quietMsMax)
    throw new NotRecovered(`no payment was completed for ${payments} ms while Postgres was away`)
  if (reads > quietMsMax) throw new NotRecovered(`no balance was read for ${reads} ms while Postgres was away`)
  const done = customers.history.operations.filter(
    (operation) => operation.outcome === 'ok' && operation.endedMs > sinceMs,
  )
  await stage.startPostgres()
  const startedMs = performance.now()
  await listsCaughtUp(customers)
  return {
    recoveriesMs: [],
    figures: {
      'outage.seconds': Math.round((untilMs - sinceMs) / 1_000),
      'outage.payments': done.filter(({ kind }) => kind === 'payment').length,
      'outage.reads': done.filter(({ kind }) => kind === 'read').length,
      'outage.longest_pause_ms': Math.round(payments),
      'outage.lists_behind': said.behind,
      'outage.lists_away': said.away,
      'outage.lists_without_word': said.other,
      'lists.caught_up_ms': Math.round(performance.now() - startedMs),
    },
  }
}

/** What a customer who asks for a list learns: how far it has followed, how far it had come before lists went away, or nothing in time. */
async function whatListSays(customers: Customers): Promise<'behind' | 'away' | 'other'> {
  try {
    await customers.entries(0, 'at-once')
    return 'behind'
  } catch (error) {
    const away = error instanceof ApiProblem && error.reason === 'journal-unavailable'
    return away && error.problem.followed !== undefined ? 'away' : 'other'
  }
}

/** The longest time in which nothing of a kind was done, from a moment until now. */
function longestPauseMs({ history }: Customers, kind: 'payment' | 'read', sinceMs: number): number {
  const ends = history.operations
    .filter((operation) => operation.kind === kind && operation.outcome === 'ok' && operation.endedMs >= sinceMs)
    .map(({ endedMs }) => endedMs)
    .toSorted((a, b) => a - b)
  let last = sinceMs
  let longest = 0
  for (const atMs of [...ends, performance.now()]) {
    longest = Math.max(longest, atMs - last)
    last = atMs
  }
  return longest
}

/** Every list has followed to where its wallet was when Postgres came back. */
async function listsCaughtUp(customers: Customers): Promise<void> {
  const deadlineMs = performance.now() + catchUpWithinMs
  for (const wallet of customers.customers.keys()) {
    const { seen } = await customers.read(wallet, 'patient')
    for (;;) {
      const followedSeq = await customers.entries(wallet, 'at-once').then(
        (list) => list.followedSeq,
        () => 0,
      )
      if (seen !== undefined && followedSeq >= seen.at.seq) break
      if (performance.now() > deadlineMs) {
        throw new NotRecovered(`a list had not caught up ${catchUpWithinMs / 1_000} s after Postgres came back`)
      }
      await sleep(askEveryMs)
    }
  }
}

export const postgresOutage: readonly Scenario[] = [
  { name: 'postgres-outage', title: 'Postgres is stopped for a while under load', run: outage },
]
