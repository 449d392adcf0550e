import { setTimeout as sleep } from 'node:timers/promises'
import { NotDemonstrated } from '../processState.ts'
import { checkHistory } from './checkHistory.ts'
import { Customers } from './customers.ts'
import { type Ending, History } from './history.ts'
import { seededRandom } from './random.ts'
import { type Measured, NotRecovered, type Scenario } from './scenario.ts'
import type { Stage } from './stage.ts'
import { Traffic } from './traffic.ts'

export type ScenarioOptions = { seed: number; outageS: number }
export type ScenarioResult = {
  name: string
  verdict: 'pass' | 'fail' | 'unknown'
  seconds: number
  /** Of the operations: how many ended how before anything was asked for a second time. */
  counts: { ok: number; refused: number; unknown: number }
  recoveriesMs: number[]
  figures: Record<string, number>
  notes: string[]
}

const walletsPerShard = 2
const openingFen = 3_000
const beforeMs = 1_000
const afterMs = 1_000
const listsWithinMs = 60_000
const notesMax = 20

/**
 * Opens customers of its own, lets them live, does to the region what the scenario says, heals it, asks for every
 * outcome, and judges.
 */
export async function runScenario(stage: Stage, scenario: Scenario, options: ScenarioOptions): Promise<ScenarioResult> {
  const beganMs = performance.now()
  const customers = new Customers(stage.facts(), new History())
  const notes: string[] = []
  let measured: Measured = { recoveriesMs: [] }
  let verdict: ScenarioResult['verdict'] = 'pass'
  let counts = customers.history.counts()
  const worse = (found: 'fail' | 'unknown', note: string): void => {
    if (verdict !== 'fail') verdict = found
    if (notes.length < notesMax) notes.push(note)
  }
  try {
    await customers.open(walletsPerShard, openingFen)
    const { seed, outageS } = options
    const traffic = new Traffic(customers, { seed, sagaShare: scenario.sagaShare ?? 0.06 })
    try {
      await sleep(beforeMs)
      measured = await scenario.run({ stage, customers, random: seededRandom(seed), outageS })
      await sleep(afterMs)
    } finally {
      await stage.clearFaults().catch(() => undefined)
      await traffic.stop()
    }
    counts = customers.history.counts()
  } catch (error) {
    worse(error instanceof NotDemonstrated ? 'unknown' : 'fail', messageOf(error))
  }
  await judge(stage, customers, worse)
  const { ok, refused, unknown } = counts
  const seconds = Math.round((performance.now() - beganMs) / 100) / 10
  const { recoveriesMs, figures = {} } = measured
  return { name: scenario.name, verdict, seconds, counts: { ok, refused, unknown }, recoveriesMs, figures, notes }
}

async function judge(
  stage: Stage,
  customers: Customers,
  worse: (found: 'fail' | 'unknown', note: string) => void,
): Promise<void> {
  try {
    await customers.settle()
    const ending = await readEnding(customers)
    for (const { law, detail } of checkHistory(customers.history, ending)) worse('fail', `${law}: ${detail}`)
    const { verdict, figures, notes } = await stage.reconcile()
    if (verdict === 'pass' && figures['difference.fen'] === 0 && figures['wallets.differing'] === 0) return
    worse('fail', `reconciliation: ${verdict}, difference ${figures['difference.fen']} fen; ${notes.join('; ')}`)
  } catch (error) {
    worse('fail', `in the end: ${messageOf(error)}`)
  }
}

async function readEnding(customers: Customers): Promise<Ending> {
  const repeats = await customers.askAgain()
  const balancesFen: number[] = []
  const entries: Ending['entries'] = []
  for (const wallet of customers.customers.keys()) {
    const { seen } = await customers.read(wallet, 'patient')
    if (seen === undefined) throw new NotRecovered(`wallet ${wallet} cannot be read`)
    balancesFen.push(seen.balanceFen)
    entries.push(await entriesUpTo(customers, wallet, seen.at.seq))
  }
  return { balancesFen, entries, repeats }
}

/** The list of a wallet once it has followed to a place in the log. */
async function entriesUpTo(customers: Customers, wallet: number, seq: number): Promise<{ id: string; fen: number }[]> {
  const deadlineMs = performance.now() + listsWithinMs
  for (;;) {
    const { entries, followedSeq } = await customers.entries(wallet, 'patient')
    if (followedSeq >= seq) return entries
    if (performance.now() > deadlineMs) {
      throw new NotRecovered(
        `the list of wallet ${wallet} has followed to ${followedSeq}, its balance stands at ${seq}`,
      )
    }
    await sleep(100)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
