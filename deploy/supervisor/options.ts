import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type StartOptions = {
  shards: number
  workers: number
  runtime: 'node' | 'deno'
  port: number
  data: string
  region: string
  /** Time between two snapshots of a shard. */
  snapshotSeconds: number
}

export const usage = `Usage: npm start -- [options]

Starts one region of Jiaozi on this machine.

  --shards N       wallet shards; fixed when the data is made (default 4)
  --workers N      worker processes (default 2)
  --runtime NAME   node or deno (default node)
  --port N         HTTPS port of the edge (default 8443)
  --data DIR       data folder (default .data)
  --region X       region letter (default a)
  --snapshot-seconds N  time between two snapshots of a shard (default 60)
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
        'snapshot-seconds': option('60'),
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
  if (!/^[a-z]$/.test(text('region'))) throw new UsageError('--region must be one lower-case letter')
  const shards = whole('shards', text('shards'), 1, 64)
  return {
    shards,
    workers: whole('workers', text('workers'), 1, shards),
    runtime,
    port: whole('port', text('port'), 1, 65_535),
    data: resolve(text('data')),
    region: text('region'),
    snapshotSeconds: whole('snapshot-seconds', text('snapshot-seconds'), 1, 3_600),
  }
}
