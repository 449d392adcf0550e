import { resolve } from 'node:path'
import { makeReport, type Report, type Verdict, writeReport } from '../../actors/log/report.ts'
import { type Region, startRegion, useRegion } from '../region.ts'
import { type Audit, auditPlay } from './audit.ts'
import { type Kills, killInTurns } from './kills.ts'
import { type DemoOptions, parseDemoOptions, UsageError, usage } from './options.ts'
import { inParallel, type PlayResult, playTransfers } from './play.ts'
import { playFigures } from './playFigures.ts'
import { reconcile } from './reconcile.ts'
import { keepShop } from './shop/shop.ts'
import { settleTown, type Town } from './town.ts'
import { generatePlay, type Play, readAmlSim, seededRandom, yuanOf } from './transfers.ts'

const redeemedWallets = 100
const redemptionsAtOnce = 16
const exitUsage = 2
const exitInterrupted = 130
const tty = process.stdout.isTTY
const barWidth = 30

type Redeemed = { byResident: Map<number, bigint>; completed: number; failed: number; fen: bigint }
type Outcome = { result: PlayResult; redeemed: Redeemed; audit: Audit; reconciliation: Report; killed: number }

function progress(what: string, done: number, total: number): void {
  if (!tty) return
  const filled = Math.round((done / Math.max(1, total)) * barWidth)
  process.stdout.write(`\r\x1b[2K  ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${what} ${done}/${total}`)
}

function say(line: string): void {
  process.stdout.write(`${tty ? '\r\x1b[2K' : ''}${line}\n`)
}

function readPlay({ input, seed, accounts, limit }: DemoOptions): Play {
  return input === undefined ? generatePlay(seed, accounts, limit) : readAmlSim(resolve(input), limit)
}

/** Redeems what is left of the first wallets that still hold money. */
async function redeemSome(town: Town): Promise<Redeemed> {
  const redeemed: Redeemed = { byResident: new Map(), completed: 0, failed: 0, fen: 0n }
  const count = Math.min(redeemedWallets, town.residents.length)
  await inParallel(town.residents.slice(0, count), redemptionsAtOnce, async (resident, i) => {
    const fen = await town.balance(resident)
    if (fen === 0) return
    const ending = await town.redeem(resident, fen)
    if (ending.kind === 'completed') {
      redeemed.completed += 1
      redeemed.fen += BigInt(fen)
      redeemed.byResident.set(i, BigInt(fen))
    } else redeemed.failed += 1
    progress('redemptions', redeemed.completed, count)
  })
  return redeemed
}

async function playAll(region: Region, play: Play, options: DemoOptions): Promise<Outcome> {
  const total = play.accounts.length
  let kills: Kills | undefined
  if (options.kill) kills = killInTurns(region, seededRandom(options.seed), (name) => say(`  kill -9 ${name}`))
  try {
    const { concurrency } = options
    const town = await settleTown(region.facts(), play, concurrency, (what, done) => progress(what, done, total))
    const initialFen = play.accounts.reduce((sum, account) => sum + BigInt(account.initialFen), 0n)
    say(`${total} wallets opened and recharged with ${yuanOf(initialFen)} yuan`)
    const count = play.transfers.length
    const result = await playTransfers(play, town.sign, town.pay, concurrency, (done) =>
      progress('payments', done, count),
    )
    say(`${count} payments in ${result.seconds.toFixed(1)} s`)
    const redeemed = await redeemSome(town)
    await kills?.stop()
    const audit = await auditPlay(town, play, result.paid, redeemed.byResident, concurrency, (what, done) =>
      progress(what, done, what === 'asked again' ? count : total),
    )
    say('reconciling')
    const reconciliation = await reconcile(region)
    return { result, redeemed, audit, reconciliation, killed: kills?.killed.length ?? 0 }
  } finally {
    await kills?.stop()
  }
}

function figuresOf({ result, redeemed, audit, reconciliation, killed }: Outcome, kill: boolean): Report['figures'] {
  const { figures: found } = reconciliation
  return {
    ...playFigures(result),
    'payments.contradicted': audit.contradicted,
    'redemptions.completed': redeemed.completed,
    'redemptions.failed': redeemed.failed,
    'difference.fen': found['difference.fen']!,
    'wallets.differing': found['wallets.differing']!,
    'wallets.unexplained': audit.unexplained,
    ...(kill ? { 'processes.killed': killed } : {}),
  }
}

/** Everything was answered, once and for all, and every fen is where the answers say. */
function verdictOf({ reconciliation }: Outcome, figures: Report['figures']): Verdict {
  const none = ['payments.unknown', 'payments.contradicted', 'redemptions.failed', 'difference.fen']
  const clean = [...none, 'wallets.differing', 'wallets.unexplained'].every((name) => figures[name] === 0)
  return clean && reconciliation.verdict === 'pass' ? 'pass' : 'fail'
}

function show(
  { result, redeemed, audit, reconciliation }: Outcome,
  figures: Report['figures'],
  verdict: Verdict,
): void {
  say('')
  for (const [name, count] of [...result.endings].sort((a, b) => b[1] - a[1])) {
    say(`  ${String(count).padStart(7)}  ${name}`)
  }
  say('')
  const all = { ...figures, ...reconciliation.figures }
  for (const [name, value] of Object.entries(all)) say(`  ${name.padEnd(28)} ${value}`)
  say(`  moved by payments: ${yuanOf(result.completedFen)} yuan, redeemed: ${yuanOf(redeemed.fen)} yuan`)
  say(`  difference: ${yuanOf(BigInt(figures['difference.fen']!))} yuan`)
  for (const note of [...audit.notes, ...reconciliation.notes]) say(`  ${note}`)
  say(verdict)
}

async function playTown(region: Region, play: Play, options: DemoOptions): Promise<Verdict> {
  const outcome = await playAll(region, play, options)
  const figures = figuresOf(outcome, options.kill)
  const verdict = verdictOf(outcome, figures)
  show(outcome, figures, verdict)
  if (options.json !== undefined) {
    const settings = { ...options, transfers: play.transfers.length, accounts: play.accounts.length }
    const rows = [...outcome.result.endings].map(([ending, count]) => ({ outcome: ending, count }))
    const notes = [...outcome.audit.notes, ...outcome.reconciliation.notes]
    writeReport(options.json, makeReport('demo', settings, { verdict, figures, rows, notes }, region.dataDir))
  }
  return verdict
}

async function playShop(region: Region, { orders, browserOrders, json }: DemoOptions): Promise<Verdict> {
  const { verdict, figures, notes } = await keepShop(region, { orders, browserOrders }, say)
  for (const [name, value] of Object.entries(figures)) say(`  ${name.padEnd(28)} ${value}`)
  for (const note of notes) say(`  ${note}`)
  say(verdict)
  if (json !== undefined) {
    const settings = { shop: true, orders, browserOrders }
    writeReport(json, makeReport('demo', settings, { verdict, figures, notes }, region.dataDir))
  }
  return verdict
}

async function main(options: DemoOptions): Promise<Verdict> {
  // What is wrong with the input is said before a region is started.
  const play = options.shop ? undefined : readPlay(options)
  if (play !== undefined) {
    say(`${play.transfers.length} transfers between ${play.accounts.length} accounts, from ${play.source}`)
  }
  const region = options.own ? await startRegion() : await useRegion(options.data)
  const interrupt = (): void => void region.stop().finally(() => process.exit(exitInterrupted))
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return play === undefined ? await playShop(region, options) : await playTown(region, play, options)
  } finally {
    await region.stop()
  }
}

try {
  const options = parseDemoOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(usage)
  else process.exitCode = (await main(options)) === 'pass' ? 0 : 1
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\n`)
  process.exitCode = error instanceof UsageError ? exitUsage : 1
}
// Kept connections to the edge would hold the process for a while.
process.exit()
