import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeReport, type Report, type Verdict, writeReport } from '../../actors/log/report.ts'
import { newId, walletSigner } from '../../edge/client/node.ts'
import { type Region, startRegion, useRegion } from '../region.ts'
import { killInTurns } from './kills.ts'
import { inParallel, type PlayResult, playTransfers } from './play.ts'
import { settleTown, type Town } from './town.ts'
import { fenOf, generatePlay, type Play, readAmlSim, seededRandom, yuanOf } from './transfers.ts'

const usage = `Usage: npm run demo -- [options]

Opens a wallet per account, recharges each through the sandbox bank, plays transfers as signed payments over HTTPS,
redeems 100 wallets and reconciles everything to the fen.

  --input FILE      AMLSim transactions.csv, with nodes.csv beside it (default: made from --seed)
  --limit N         how many transfers (default 2000, with --input 20000)
  --accounts N      accounts when there is no input (default 400)
  --seed N          seed (default 1)
  --concurrency N   payments in flight (default 64)
  --kill            kill -9 a worker, the edge, the nats-server and others every few seconds meanwhile
  --data DIR        data folder of a region that runs (default .data; one of its own when none runs there)
  --own             start a region of its own in any case
  --json FILE       write the report
`

const { values } = parseArgs({
  options: {
    input: { type: 'string' },
    limit: { type: 'string' },
    accounts: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '64' },
    kill: { type: 'boolean', default: false },
    data: { type: 'string', default: '.data' },
    own: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const redeemedWallets = 100
const reconcileTimeoutMs = 300_000
const tty = process.stdout.isTTY
const barWidth = 30

function progress(what: string, done: number, total: number): void {
  if (!tty) return
  const filled = Math.round((done / Math.max(1, total)) * barWidth)
  process.stdout.write(`\r\x1b[2K  ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${what} ${done}/${total}`)
}

function say(line: string): void {
  process.stdout.write(`${tty ? '\r\x1b[2K' : ''}${line}\n`)
}

function readPlay(): Play {
  const seed = Number(values.seed)
  if (values.input === undefined) return generatePlay(seed, Number(values.accounts), Number(values.limit ?? 2_000))
  return readAmlSim(resolve(values.input), Number(values.limit ?? 20_000))
}

/** Redeems what is left of the first wallets that still hold money. */
async function redeemSome(town: Town): Promise<{ count: number; fen: bigint; failed: number }> {
  const result = { count: 0, fen: 0n, failed: 0 }
  await inParallel(town.residents.slice(0, redeemedWallets), 16, async (resident) => {
    const signer = walletSigner(resident.walletId, resident.key)
    const { body } = await town.client.call(signer, 'GET', `/v1/wallets/${resident.walletId}`)
    const fen = fenOf(String(body.balance))
    if (fen === 0) return
    const ending = await town.redeem(resident, fen)
    if (ending.kind === 'completed') {
      result.count += 1
      result.fen += BigInt(fen)
    } else result.failed += 1
  })
  return result
}

/** Runs the reconciliation program against the region and reads its report. */
function reconcile(region: Region): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-reconcile-'))
  const file = join(dir, 'report.json')
  const program = resolve(import.meta.dirname, '../../actors/followers/reconcileMain.ts')
  return new Promise((done, failed) => {
    const args = [program, '--data', region.dataDir, '--json', file]
    execFile(process.execPath, args, { timeout: reconcileTimeoutMs }, (error, _stdout, stderr) => {
      try {
        done(JSON.parse(readFileSync(file, 'utf8')) as Report)
      } catch {
        failed(new Error(`reconciliation gave no report: ${stderr.trim() || String(error)}`))
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    })
  })
}

function countOf(result: PlayResult, kind: string): number {
  let count = 0
  for (const [name, n] of result.endings) if (name === kind || name.startsWith(`${kind}: `)) count += n
  return count
}

if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const play = readPlay()
say(`${play.transfers.length} transfers between ${play.accounts.length} accounts, from ${play.source}`)
const region = values.own ? await startRegion() : await useRegion(values.data)
let verdict: Verdict = 'unknown'
try {
  const concurrency = Number(values.concurrency)
  const total = play.accounts.length
  const town = await settleTown(region.facts(), play, concurrency, (what, done) => progress(what, done, total))
  const initialFen = play.accounts.reduce((sum, account) => sum + BigInt(account.initialFen), 0n)
  say(`${total} wallets opened and recharged with ${yuanOf(initialFen)} yuan`)

  const stopKilling = values.kill
    ? killInTurns(region, seededRandom(Number(values.seed)), (name) => say(`  kill -9 ${name}`))
    : () => []
  const result = await playTransfers(play, town.pay, newId, concurrency, (done) =>
    progress('payments', done, play.transfers.length),
  )
  const killed = stopKilling()
  const redeemed = await redeemSome(town)
  say('reconciling')
  const reconciliation = await reconcile(region)

  const { figures: found } = reconciliation
  const figures: Record<string, number> = {
    'payments.completed': countOf(result, 'completed'),
    'payments.refused': countOf(result, 'refused'),
    'payments.unknown': countOf(result, 'unknown'),
    'payments.per_second': Math.round(play.transfers.length / result.seconds),
    'latency.p50_ms': result.latency.percentile(50) / 1_000,
    'latency.p99_ms': result.latency.percentile(99) / 1_000,
    'redemptions.completed': redeemed.count,
    'difference.fen': found['difference.fen']!,
    'wallets.differing': found['wallets.differing']!,
    ...(values.kill ? { 'processes.killed': killed.length } : {}),
  }
  const answered = countOf(result, 'completed') + countOf(result, 'refused') === play.transfers.length
  const balanced = found['difference.fen'] === 0 && found['wallets.differing'] === 0
  verdict = balanced && answered && redeemed.failed === 0 && reconciliation.verdict === 'pass' ? 'pass' : 'fail'

  say('')
  for (const [name, count] of [...result.endings].sort((a, b) => b[1] - a[1]))
    say(`  ${String(count).padStart(7)}  ${name}`)
  say('')
  for (const [name, value] of Object.entries({ ...figures, ...found })) say(`  ${name.padEnd(28)} ${value}`)
  say(`  moved by payments: ${yuanOf(result.completedFen)} yuan, redeemed: ${yuanOf(redeemed.fen)} yuan`)
  say(`  difference: ${yuanOf(BigInt(found['difference.fen'] ?? 0))} yuan`)
  say(verdict === 'pass' ? 'pass' : `FAIL: ${reconciliation.notes.join('; ')}`)
  if (values.json !== undefined) {
    const settings = { ...values, transfers: play.transfers.length, accounts: play.accounts.length }
    const rows = [...result.endings].map(([outcome, count]) => ({ outcome, count }))
    writeReport(values.json, makeReport('demo', settings, { verdict, figures, rows, notes: reconciliation.notes }))
  }
} finally {
  await region.stop()
}
process.exit(verdict === 'pass' ? 0 : 1)
