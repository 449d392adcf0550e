import { tmpdir } from 'node:os'
import { type Findings, makeReport } from '../../actors/log/report.ts'
import {
  flag,
  folder,
  numbers,
  type Option,
  oneOf,
  optionLines,
  parseBenchOptions,
  type Settings,
  whole,
} from './benchOptions.ts'
import { benchCallbacks } from './callbacks/callbacks.ts'
import { benchCatchUp } from './catchUp.ts'
import { benchHttp } from './http.ts'
import { judgeLadder, judgeRegions } from './ladder/goals.ts'
import { climb, type LadderReport } from './ladder/ladder.ts'
import type { RungOptions } from './ladder/rung.ts'
import { ladders } from './ladder/rungs.ts'
import { benchRecovery } from './recovery.ts'
import { benchSoak, soakPaymentsMin } from './soak.ts'
import { systemVersions } from './systemVersions.ts'

type Say = (line: string) => void
type Options = Readonly<Record<string, Option<unknown>>>

/** One thing that can be measured, with the options that it takes and no others. */
export type Bench = {
  readonly about: string
  readonly optionLines: readonly string[]
  /**
   * Reads what was typed after its name.
   * @returns undefined when help was asked for
   * @throws UsageError that names what is wrong
   */
  read(args: readonly string[]): Asked | undefined
}

/** A bench with its settings, ready to be run. */
export type Asked = {
  readonly settings: Readonly<Record<string, unknown>>
  /** The file that the report is to be written to. */
  readonly json: string | undefined
  run(say: Say): Promise<LadderReport>
}

function bench<O extends Options>(
  name: string,
  about: string,
  options: O,
  run: (settings: Settings<O>, say: Say) => Promise<LadderReport>,
): [string, Bench] {
  const read: Bench['read'] = (args) => {
    const typed = parseBenchOptions(name, options, args)
    return typed && { ...typed, run: (say) => run(typed.settings, say) }
  }
  return [name, { about, optionLines: optionLines(options), read }]
}

/** A bench whose findings are figures alone. */
function plain<O extends Options>(
  name: string,
  about: string,
  options: O,
  find: (settings: Settings<O>, say: Say) => Promise<Omit<Findings, 'verdict'> & Partial<Findings>>,
): [string, Bench] {
  return bench(name, about, options, async (settings, say) => {
    const found = { verdict: 'pass' as const, ...(await find(settings, say)) }
    const { data = '' } = settings as { data?: string }
    // What a region of another program runs on is not known here.
    const versions = data === '' ? await systemVersions('node') : {}
    const report = makeReport(`bench.${name}`, settings, { ...found, versions }, data || tmpdir())
    const figures = Object.entries(found.figures)
    const lines = figures.map(([figure, value]) => `${figure.padEnd(36)} ${value.toLocaleString('en')}`)
    return { report, lines: [...lines, ...(found.notes ?? []).map((note) => `  ${note}`)] }
  })
}

const repeated = {
  seconds: whole('length of one repeat', 15, { quick: 4 }),
  repeats: whole('repeats of each row', 3, { quick: 1 }),
  quick: flag('less data: a look, not a figure to quote'),
}
const onEither = {
  ...repeated,
  runtime: oneOf('what the processes of the system run on; load and peers stay as they are', ['node', 'deno']),
}
/** What a ladder's figures are held against, where something is asked of them. */
const judges: Readonly<Record<string, typeof judgeLadder>> = { ladder: judgeLadder, regions: judgeRegions }
const data = folder('a region that runs (its own when it is not given)')

function ladder<O extends Options>(name: string, about: string, options: O): [string, Bench] {
  return bench(name, about, options, (settings, say) => {
    return climb(`bench.${name}`, ladders[name]!, settings as Partial<RungOptions>, say, judges[name])
  })
}

/** All that `npm run bench` can measure, by name. */
export const benches: ReadonlyMap<string, Bench> = new Map([
  plain(
    'http',
    'signed payments over HTTPS, payer and payee in different shards',
    {
      seconds: whole('length of each row', 15),
      concurrency: numbers('callers of each row', [1, 8, 64, 256]),
      data,
    },
    ({ concurrency, ...settings }, say) => benchHttp({ ...settings, concurrencies: concurrency }, say),
  ),
  plain(
    'recovery',
    'many wallets: snapshot, kill -9, first answer; bytes a wallet; replay',
    { wallets: whole('wallets to open', 1_000_000), payments: whole('payments between them', 1_000_000) },
    benchRecovery,
  ),
  plain(
    'catch-up',
    'two regions, one held down under load: how fast it goes through what it missed, while the load goes on',
    { seconds: whole('how long it is away', 120), rate: whole('payments a second', 300) },
    ({ seconds, rate }, say) => benchCatchUp({ seconds, ratePerSecond: rate }, say),
  ),
  plain(
    'callbacks',
    'orders of a merchant that fails often and is down for a while: every event arrives, none is wrong',
    {
      orders: whole('orders to sell', 10_000),
      failPercent: whole('of its callbacks that fail', 30, { min: 0, max: 99 }),
      downSeconds: whole('how long it is down', 60),
      data,
    },
    benchCallbacks,
  ),
  plain(
    'soak',
    'batches of 8,000 without a pause, snapshots on and logs trimmed: no decay, no stall',
    {
      payments: whole('payments of one repeat', 20_000_000, { min: soakPaymentsMin }),
      repeats: whole('parts of the one run', 3),
    },
    benchSoak,
  ),
  ladder(
    'ladder',
    'every row that there is, and the peers; TIGERBEETLE=/path/to/tigerbeetle runs its own beside',
    onEither,
  ),
  ladder(
    'region',
    'its rows L2 and L3 alone: signed payments over HTTPS, without and with everything behind them',
    onEither,
  ),
  ladder(
    'orders',
    'its row L3 of orders alone: each payment is of an order, callbacks are heard and verified',
    onEither,
  ),
  ladder(
    'postgres',
    'the peer: a stored procedure on PostgreSQL 18, single calls and batches, durability on',
    repeated,
  ),
  ladder('shards', 'batches of 1,024 over 1, 2 and 4 shards, which the sizing model must predict', onEither),
  ladder('regions', "the log's rows in one region, and in two that vouch for each other", onEither),
  ladder('costs', 'each layer of security and each row of memory by itself, for the sizing model', {}),
])
