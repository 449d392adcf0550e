import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ArchivedLog } from '../log/archivedLog.ts'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { openFollowedLogs } from '../log/followedLogs.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { messageOf, runMain } from '../log/process.ts'
import { makeReport, type Report, writeReport } from '../log/report.ts'
import { createOpener } from '../log/sealing.ts'
import { openDatabase } from './database.ts'
import { reconcile } from './reconcile.ts'
import { archiveDirOf, readRegionFacts } from './regionFacts.ts'

const usage = `Usage: npx jiaozi reconcile [options]

Compares the running region's wallets, journal, issuance, and the bank's and central bank's statements, to the fen.

  --data DIR           data folder of the region (default .data)
  --json FILE          write the report
  --threshold-fen N    open a review case when the difference is above N fen (default 0)
`

runMain('reconcile', async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '.data' },
      json: { type: 'string' },
      'threshold-fen': { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const dataDir = resolve(values.data)
  const report = await reconcileRegion(dataDir, BigInt(values['threshold-fen']))
  if (values.json !== undefined) writeReport(values.json, report)
  show(report)
  process.exit(report.verdict === 'pass' ? 0 : 1)
})

async function reconcileRegion(dataDir: string, thresholdFen: bigint): Promise<Report> {
  const facts = readRegionFacts(dataDir)
  const ring = openKeyRing(facts.keysDir)
  const blobs = createBlobs(ring)
  const inboxPrefix = `_INBOX.${facts.nats.user ?? 'operator'}`
  const connection = await connectNats(facts.nats, { name: 'reconcile', inboxPrefix })
  const sql = openDatabase(facts.databaseUrl, 'reconcile', 2)
  try {
    const shardNumbers = Array.from({ length: facts.shardCount }, (_, shard) => shard)
    const own = folderSnapshots(join(dataDir, 'projector'), blobs)
    const regions = await objectSnapshots(connection, blobs, { region: facts.region })
    const onFault = (what: string, error: unknown): void => {
      process.stderr.write(`reconcile: ${what}: ${messageOf(error)}\n`)
    }
    const followed = await openFollowedLogs(connection, facts, onFault)
    const snapshots = []
    for (const shard of shardNumbers) {
      const { segments: owners } = followed.owners.ownerOf(shard)!.record
      snapshots.push([await own.newest(shard, owners), await regions.newest(shard, owners)])
    }
    const segments = folderSegments(join(archiveDirOf(dataDir, facts), 'segments'), blobs, facts.region)
    const logs = followed.logs.map((log, shard) => new ArchivedLog(shard, log, segments))
    const openers = shardNumbers.map((shard) => createOpener(ring, { shard }))
    const found = await reconcile({ facts, sql, blobs, logs, openers, snapshots })
    const report = makeReport('reconcile', { region: facts.region, thresholdFen: Number(thresholdFen) }, found, dataDir)
    const text = JSON.stringify(report)
    const difference = found.figures['difference.fen']!
    await sql`insert into reconciliations (verdict, difference_fen, report) values (${report.verdict}, ${difference}, ${text})`
    if (BigInt(difference) > thresholdFen) {
      await sql`insert into review_cases (difference_fen, report) values (${difference}, ${text})`
    }
    return report
  } finally {
    await sql.end({ timeout: 5 })
    await connection.close()
  }
}

function show({ figures, notes, verdict }: Report): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length))
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`)
  for (const note of notes) process.stdout.write(`  ${note}\n`)
  process.stdout.write(`${verdict}\n`)
}
