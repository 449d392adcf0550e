import { parseArgs } from 'node:util'
import { makeReport, writeReport } from '../../actors/log/report.ts'
import { benchHttp } from './http.ts'
import { judgeLadder } from './ladder/goals.ts'
import { climb } from './ladder/ladder.ts'
import { ladders } from './ladder/rungs.ts'
import { benchRecovery } from './recovery.ts'

const usage = `Usage: npm run bench -- NAME [options]

  http       signed payments over HTTPS at concurrency 1, 8, 64 and 256, payer and payee in different shards
             --seconds N   length of each row (default 15)   --data DIR   a region that runs (default: its own)
             --concurrency LIST   other rows, such as 1,64
  recovery   1 M wallets: snapshot, kill -9, first answer; bytes a wallet; replay
             --wallets N (default 1000000)   --payments N (default 1000000)

  ladder     every row that there is, and the peers in the same run; starts what it needs
             --seconds N   --repeats N (default 3)   --quick   one repeat, less data
             TIGERBEETLE=/path/to/tigerbeetle   runs its own benchmark beside
  postgres   the peer: a stored procedure on PostgreSQL 18, single calls from 64 clients and batches, durability on
             --seconds N   --repeats N (default 3)   --quick   one repeat, less data
  shards     batches of 1,024 over 1, 2 and 4 shards, which the sizing model must predict
  costs      each layer of security and each row of memory by itself, for the sizing model

  --json FILE   writes the report
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    wallets: { type: 'string', default: '1000000' },
    payments: { type: 'string', default: '1000000' },
    data: { type: 'string', default: '' },
    concurrency: { type: 'string', default: '1,8,64,256' },
    repeats: { type: 'string', default: '3' },
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

const [name = ''] = positionals
if (values.help || !['http', 'recovery', ...Object.keys(ladders)].includes(name)) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 2)
}

const rungs = Object.hasOwn(ladders, name) ? ladders[name] : undefined
if (rungs !== undefined) {
  const { quick } = values
  const options = {
    seconds: whole('seconds', quick && values.seconds === '15' ? '4' : values.seconds),
    repeats: quick ? 1 : whole('repeats', values.repeats),
    quick,
  }
  const { report, lines } = await climb(
    `bench.${name}`,
    rungs,
    options,
    say,
    name === 'ladder' ? judgeLadder : undefined,
  )
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
const settings = { wallets: Number(values.wallets), payments: Number(values.payments), seconds: Number(values.seconds) }
const { figures, notes } =
  name === 'http'
    ? await benchHttp({ seconds: settings.seconds, data: values.data, concurrencies }, say)
    : await benchRecovery(settings, say)
if (tty) process.stdout.write('\r\x1b[2K')
for (const [figure, value] of Object.entries(figures)) console.log(`${figure.padEnd(36)} ${value.toLocaleString('en')}`)
for (const note of notes) console.log(`  ${note}`)
if (values.json) writeReport(values.json, makeReport(`bench.${name}`, settings, { verdict: 'pass', figures, notes }))
process.exit(0)
