import { parseArgs } from 'node:util'
import { makeReport, writeReport } from '../../actors/log/report.ts'
import { benchCallbacks } from './callbacks/callbacks.ts'
import { benchCatchUp } from './catchUp.ts'
import { benchHttp } from './http.ts'
import { judgeLadder, judgeRegions } from './ladder/goals.ts'
import { climb } from './ladder/ladder.ts'
import { ladders } from './ladder/rungs.ts'
import { benchRecovery } from './recovery.ts'
import { benchSoak, soakPaymentsMin } from './soak.ts'

const usage = `Usage: npm run bench -- NAME [options]

  http       signed payments over HTTPS at concurrency 1, 8, 64 and 256, payer and payee in different shards
             --seconds N   length of each row (default 15)   --data DIR   a region that runs (default: its own)
             --concurrency LIST   other rows, such as 1,64
  recovery   1 M wallets: snapshot, kill -9, first answer; bytes a wallet; replay
             --wallets N (default 1000000)   --payments N (default 1000000)

  catch-up   two regions, one held down under load: how fast it goes through what it missed, while the load goes on
             --seconds N   how long it is away (default 120)   --rate N   payments a second (default 300)

  callbacks  orders of a merchant that fails often and is down for a while: every event arrives, none is wrong
             --orders N (default 10000)   --fail-percent N (default 30)   --down-seconds N (default 60)
             --data DIR   a region that runs (default: its own)

  ladder     every row that there is, and the peers in the same run; starts what it needs
             --seconds N   --repeats N (default 3, quick 1)   --quick   less data
             --runtime node|deno   what the system's processes run on; load and peers stay as they are
             TIGERBEETLE=/path/to/tigerbeetle   runs its own benchmark beside
  region     its rows L2 and L3 alone: signed single payments over HTTPS, without and with the journal in Postgres
             --seconds N   --repeats N (default 3, quick 1)   --quick   less data
             --runtime node|deno
  orders     its row L3 with orders alone: each payment is of an order, risk rules on, callbacks heard and verified
             --seconds N   --repeats N (default 3, quick 1)   --quick   less data
             --runtime node|deno
  postgres   the peer: a stored procedure on PostgreSQL 18, single calls from 64 clients and batches, durability on
             --seconds N   --repeats N (default 3, quick 1)   --quick   less data
  shards     batches of 1,024 over 1, 2 and 4 shards, which the sizing model must predict
  regions    the log's rows in one region, and in two that vouch for each other
  costs      each layer of security and each row of memory by itself, for the sizing model

  soak       batches of 8,000 without a pause, snapshots on and logs trimmed: no decay, no stall
             --payments N (default 20000000)   --repeats N (default 3)

  --json FILE   writes the report
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    seconds: { type: 'string' },
    wallets: { type: 'string', default: '1000000' },
    payments: { type: 'string' },
    runtime: { type: 'string', default: 'node' },
    data: { type: 'string', default: '' },
    concurrency: { type: 'string', default: '1,8,64,256' },
    repeats: { type: 'string' },
    rate: { type: 'string', default: '300' },
    orders: { type: 'string', default: '10000' },
    'fail-percent': { type: 'string', default: '30' },
    'down-seconds': { type: 'string', default: '60' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const tty = process.stdout.isTTY
const say = (line: string): void => {
  if (tty) process.stdout.write(`\r\x1b[2K  ${line}`)
}

function whole(option: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  process.stderr.write(`bench: --${option} takes a whole number above 0, not "${text}"\n`)
  process.exit(2)
}

function runtimeIn(text: string): 'node' | 'deno' {
  if (text === 'node' || text === 'deno') return text
  process.stderr.write(`bench: --runtime is node or deno, not "${text}"\n`)
  process.exit(2)
}

const [name = ''] = positionals
if (values.help || !['http', 'recovery', 'catch-up', 'callbacks', 'soak', ...Object.keys(ladders)].includes(name)) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 2)
}

/** What a ladder's figures are held against, where something is asked of them. */
const judges: Readonly<Record<string, typeof judgeLadder>> = { ladder: judgeLadder, regions: judgeRegions }
const rungs = Object.hasOwn(ladders, name) ? ladders[name] : undefined
if (rungs !== undefined) {
  const { quick } = values
  const options = {
    seconds: whole('seconds', values.seconds ?? (quick ? '4' : '15')),
    repeats: whole('repeats', values.repeats ?? (quick ? '1' : '3')),
    quick,
    runtime: runtimeIn(values.runtime),
  }
  const { report, lines } = await climb(`bench.${name}`, rungs, options, say, judges[name])
  if (tty) process.stdout.write('\r\x1b[2K')
  for (const line of lines) console.log(line)
  if (values.json) writeReport(values.json, report)
  process.exit(report.verdict === 'pass' ? 0 : 1)
}

const concurrencies = values.concurrency.split(',').map(Number)
if (!concurrencies.every((one) => Number.isInteger(one) && one > 0)) {
  process.stderr.write('bench: --concurrency takes numbers such as 1,64\n')
  process.exit(2)
}
const payments = whole('payments', values.payments ?? (name === 'soak' ? '20000000' : '1000000'))
if (name === 'soak' && payments < soakPaymentsMin) {
  process.stderr.write(
    `bench: a soak takes at least ${soakPaymentsMin.toLocaleString('en')} payments, not ${payments}\n`,
  )
  process.exit(2)
}
const settings = {
  wallets: Number(values.wallets),
  payments,
  seconds: whole('seconds', values.seconds ?? (name === 'catch-up' ? '120' : '15')),
}
const { figures, notes, verdict } = await run()
if (tty) process.stdout.write('\r\x1b[2K')
for (const [figure, value] of Object.entries(figures)) console.log(`${figure.padEnd(36)} ${value.toLocaleString('en')}`)
for (const note of notes) console.log(`  ${note}`)
if (values.json) writeReport(values.json, makeReport(`bench.${name}`, settings, { verdict, figures, notes }))
process.exit(verdict === 'pass' ? 0 : 1)

async function run(): Promise<{ figures: Record<string, number>; notes: string[]; verdict: 'pass' | 'fail' }> {
  if (name === 'soak') return benchSoak({ payments, repeats: whole('repeats', values.repeats ?? '3') }, say)
  if (name === 'catch-up') return benchCatchUp({ ...settings, ratePerSecond: whole('rate', values.rate) }, say)
  if (name === 'callbacks') {
    const of = { failPercent: whole('fail-percent', values['fail-percent']), data: values.data }
    const many = { orders: whole('orders', values.orders), downSeconds: whole('down-seconds', values['down-seconds']) }
    return benchCallbacks({ ...of, ...many }, say)
  }
  const http = { seconds: settings.seconds, data: values.data, concurrencies }
  const found = name === 'http' ? await benchHttp(http, say) : await benchRecovery(settings, say)
  return { ...found, verdict: 'pass' }
}
