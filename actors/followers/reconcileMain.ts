import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { runMain } from '../log/process.ts'
import { makeReport, type Report, writeReport } from '../log/report.ts'
import { openAuditedRegion } from './auditedRegion.ts'
import { openDatabase } from './database.ts'
import { needsReview, reconcile } from './reconcile.ts'

const usage = `Usage: npx jiaozi reconcile [options]

Compares the running region's wallets, journal, issuance, and the bank's and central bank's statements, to the fen.

  --data DIR           data folder of the region (default .data)
  --json FILE          write the report
  --threshold-fen N    open no review case for a difference of money up to N fen (default 0)
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
  const audited = await openAuditedRegion(dataDir, 'reconcile')
  const { facts, connection, blobs, logs, openers } = audited
  const sql = openDatabase(facts.databaseUrl, 'reconcile', 2)
  try {
    const own = folderSnapshots(join(dataDir, 'projector'), blobs)
    const snapshots = []
    for (const shard of logs.keys()) {
      snapshots.push([await own.newest(shard, audited.segmentsOf(shard)), await audited.newestSnapshot(shard)])
    }
    const found = await reconcile({ facts, sql, blobs, logs, openers, snapshots })
    const report = makeReport('reconcile', { region: facts.region, thresholdFen: Number(thresholdFen) }, found, dataDir)
    const text = JSON.stringify(report)
    const difference = found.figures['difference.fen']!
    await sql`insert into reconciliations (verdict, difference_fen, report) values (${report.verdict}, ${difference}, ${text})`
    if (needsReview(report, thresholdFen)) {
      const fen = difference + found.figures['wallets.differing.fen']!
      await sql`insert into review_cases (difference_fen, report) values (${fen}, ${text})`
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
