import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type StartOptions = {
  shards: number
  workers: number
  runtime: 'node' | 'deno'
  port: number
  data: string
  region: string
  /** With two, `data` holds a folder for each and one for their witness, and `region` counts for nothing. */
  regions: 1 | 2
  /** HTTPS port of region b's edge. */
  secondPort: number
  /** How long a region must be silent before the other takes over by itself; 0: never without an operator. */
  autoTakeoverMs: number
  /** Whether the link between two regions runs through a proxy that can cut it, as drills need it. */
  link: 'proxied' | 'direct'
  /** Time between two snapshots of a shard. */
  snapshotSeconds: number
  /** The library through which edges and workers read their wall clocks, so that a drill can set those. */
  fakeClock?: string
}

export const usage = `Usage: npm start -- [options]

Starts one region of Jiaozi on this machine, or two that stand in for one another.

  --shards N       wallet shards; fixed when the data is made (default 4)
  --workers N      worker processes (default 2)
  --runtime NAME   node or deno (default node)
  --port N         HTTPS port of the edge (default 8443)
  --data DIR       data folder (default .data)
  --region X       region letter (default a)
  --regions N      1, or 2: regions a and b with a witness between them; fixed when the data is made (default 1)
  --second-port N  HTTPS port of region b's edge (default: the one after --port)
  --auto-takeover S  seconds of silence after which a region takes over the other's shards, or off (default 10)
  --link KIND      between two regions: proxied, so that a drill can cut it, or direct (default proxied)
  --snapshot-seconds N  time between two snapshots of a shard (default 60)
  --fake-clock LIB  libfaketime, through which a drill sets the clocks of edges and workers (default: none)
  --help           this text

  NATS_SERVER      nats-server to run instead of one on PATH or a built one
  NATS_URL         a NATS server that runs already, with NATS_MONITOR_URL
  DATABASE_URL     a PostgreSQL that runs already
`

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
  }
  return value
}

/** @throws UsageError that names what is wrong. @returns undefined when help was asked for. */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  let values: Record<string, string | boolean | undefined>
  try {
    const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
    values = parseArgs({
      args: [...args],
      options: {
        shards: option('4'),
        workers: option('2'),
        runtime: option('node'),
        port: option('8443'),
        data: option('.data'),
        region: option('a'),
        regions: option('1'),
        'second-port': { type: 'string' },
        'auto-takeover': option('10'),
        link: option('proxied'),
        'snapshot-seconds': option('60'),
        'fake-clock': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
  if (values.help) return undefined
  const text = (name: string): string => String(values[name])
  const runtime = text('runtime')
  if (runtime !== 'node' && runtime !== 'deno') throw new UsageError(`--runtime must be node or deno, not "${runtime}"`)
  const link = text('link')
  if (link !== 'proxied' && link !== 'direct') throw new UsageError(`--link must be proxied or direct, not "${link}"`)
  if (!/^[a-z]$/.test(text('region'))) throw new UsageError('--region must be one lower-case letter')
  const fakeClock = values['fake-clock'] === undefined ? undefined : resolve(text('fake-clock'))
  if (fakeClock !== undefined && !existsSync(fakeClock)) throw new UsageError(`--fake-clock: there is no ${fakeClock}`)
  const shards = whole('shards', text('shards'), 1, 64)
  const port = whole('port', text('port'), 1, 65_535)
  const regions = whole('regions', text('regions'), 1, 2) as 1 | 2
  if (regions === 2 && text('region') !== 'a') throw new UsageError('--region is for one region; two are a and b')
  const secondPort = values['second-port'] === undefined ? port + 1 : Number(text('second-port'))
  return {
    shards,
    workers: whole('workers', text('workers'), 1, shards),
    runtime,
    port,
    data: resolve(text('data')),
    region: text('region'),
    regions,
    secondPort: regions === 2 ? whole('second-port', String(secondPort), 1, 65_535) : port + 1,
    autoTakeoverMs:
      text('auto-takeover') === 'off' ? 0 : whole('auto-takeover', text('auto-takeover'), 1, 3_600) * 1_000,
    link,
    snapshotSeconds: whole('snapshot-seconds', text('snapshot-seconds'), 1, 3_600),
    ...(fakeClock === undefined ? {} : { fakeClock }),
  }
}
