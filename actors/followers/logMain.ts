import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf, runMain } from '../log/process.ts'
import type { Opener } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { type AuditedRegion, openAuditedRegion } from './auditedRegion.ts'
import { openDatabase, withinMs } from './database.ts'
import { frameText, kindNames } from './frameText.ts'
import { checkLog, type KnownChain, type LogFindings, readEntries } from './logCheck.ts'

const usage = `Usage: npx jiaozi log cat [--data DATA] [--shard N] [--from SEQ] [--count N] [--json]
       npx jiaozi log verify [--data DATA] [--shard N] [--json]

cat     decodes frames with the region's keys: one line a frame, with --json one object a frame with its records
verify  reads each log, archive included, from its first entry: frames, seals, sequence, and the chain that snapshots and
        database noted; ends with 1 when something is wrong

  --shard N     that shard (cat: default 0; verify: default all)
  --from SEQ    first entry to show (default: the log's first)
  --count N     entries to show (default 20)
`

const databaseTimeoutMs = 5_000

runMain('log', async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string', default: '.data' },
      shard: { type: 'string' },
      from: { type: 'string', default: '1' },
      count: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [action] = positionals
  if (values.help || positionals.length !== 1 || (action !== 'cat' && action !== 'verify')) {
    process.stdout.write(usage)
    process.exit(values.help ? 0 : 2)
  }
  const region = await openAuditedRegion(resolve(values.data), 'log')
  const { shardCount } = region.facts
  const shard = values.shard === undefined ? undefined : whole('--shard', values.shard, 0, shardCount - 1)
  let ok = true
  if (action === 'verify') ok = await verify(region, shard, values.json)
  else {
    const from = whole('--from', values.from, 1, Number.MAX_SAFE_INTEGER)
    await cat(region, shard ?? 0, from, whole('--count', values.count, 1, 1_000_000), values.json)
  }
  await region.connection.close()
  process.exit(ok ? 0 : 1)
})

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value
  throw new Error(`${name} must be a whole number from ${min} to ${max}, not "${text}"`)
}

async function cat({ logs, openers }: AuditedRegion, shard: number, from: number, count: number, json: boolean) {
  const { first, last } = await logs[shard]!.bounds()
  const begin = Math.max(first, from)
  await readEntries(logs[shard]!, begin, Math.min(last, begin + count - 1), async (entry) => {
    process.stdout.write(`${json ? await jsonOf(entry, openers[shard]!) : await lineOf(entry, openers[shard]!)}\n`)
  })
}

async function lineOf({ seq, stampMs, subject, data }: LogEntry, opener: Opener): Promise<string> {
  const place = `${String(seq).padStart(8)}  ${new Date(stampMs).toISOString()}  ${subject.padEnd(22)}`
  try {
    const { header } = await opener.openMaybe(data)
    const kind = (kindNames[header.kind] ?? String(header.kind)).padEnd(8)
    return `${place}  ${kind}  ${String(header.count).padStart(5)}  ${data.length} B`
  } catch (error) {
    return `${place}  unreadable: ${messageOf(error)}`
  }
}

async function jsonOf({ seq, stampMs, subject, data }: LogEntry, opener: Opener): Promise<string> {
  const place = { seq, stampMs, subject, bytes: data.length }
  try {
    const opened = await opener.openMaybe(data)
    const { kind, incarnation, counter, clockMs, epoch, count, keyId } = opened.header
    const frame = { kind: kindNames[kind] ?? kind, incarnation, counter, clockMs, epoch, count, keyId }
    return JSON.stringify({ ...place, ...frame, body: frameText(opened) })
  } catch (error) {
    return JSON.stringify({ ...place, unreadable: messageOf(error) })
  }
}

async function verify(region: AuditedRegion, only: number | undefined, json: boolean): Promise<boolean> {
  // Read before the logs, which then have passed all of it.
  const known = await knownChains(region)
  let ok = true
  for (const [shard, log] of region.logs.entries()) {
    if (only !== undefined && shard !== only) continue
    const found = await checkLog(log, region.openers[shard]!, known[shard]!)
    ok &&= found.faults.length === 0
    process.stdout.write(json ? `${JSON.stringify({ shard, ...found })}\n` : findingsText(shard, found))
  }
  return ok
}

function findingsText(shard: number, { first, last, frames, records, chain, compared, faults }: LogFindings): string {
  const shown = chain === '' ? 'chain unknown: its beginning is gone' : `chain ${chain.slice(0, 16)}`
  const head = `shard ${shard}  ${first} to ${last}  ${frames} frames  ${records} records  ${shown}`
  const verdict = faults.length === 0 ? `whole; ${compared} noted chains agree` : `${faults.length} faults`
  return [`${head}  ${verdict}`, ...faults.map((fault) => `  ${fault}`)].map((line) => `${line}\n`).join('')
}

/** What others noted about each log. A database that is down is no reason not to look at the logs. */
async function knownChains({ facts, newestSnapshot, logs }: AuditedRegion): Promise<KnownChain[][]> {
  const known: KnownChain[][] = logs.map(() => [])
  for (const [shard, list] of known.entries()) {
    const snapshot = await newestSnapshot(shard)
    if (snapshot !== undefined) list.push({ who: 'the newest snapshot', ...snapshot.manifest })
  }
  const sql = openDatabase(facts.databaseUrl, 'log', 1)
  try {
    const query = sql<{ shard: number; seq: bigint; chain: Uint8Array }[]>`select shard, seq, chain from positions`
    for (const { shard, seq, chain } of await withinMs(query, databaseTimeoutMs, 'the positions')) {
      if (seq > 0n) known[shard]?.push({ who: 'the database', seq: Number(seq), chain })
    }
  } catch (error) {
    process.stderr.write(`log: the database was not asked: ${messageOf(error)}\n`)
  } finally {
    await sql.end({ timeout: 1 })
  }
  return known
}
