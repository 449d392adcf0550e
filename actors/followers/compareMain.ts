import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runMain } from '../log/process.ts'
import { makeReport, writeReport } from '../log/report.ts'
import { openAuditedRegion } from './auditedRegion.ts'
import { type ComparedRegion, compareRegions } from './compareRegions.ts'
import { openDatabase } from './database.ts'

const usage = `Usage: npx jiaozi compare [options]

Compares what the projectors of two regions wrote, row by row, with what is sealed opened. Payments must rest.

  --data DIR       data folder of the installation (default .data)
  --json FILE      write the report
  --patience-s N   wait this long until both have followed all logs to their ends (default 30)

Ends with 0 when the regions are equal, 1 when they differ, 3 when they did not come to the ends of the logs.
`

const exitCodes = { pass: 0, fail: 1, unknown: 3 } as const

runMain('compare', async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '.data' },
      json: { type: 'string' },
      'patience-s': { type: 'string', default: '30' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const patience = values['patience-s']
  if (!/^\d{1,5}$/.test(patience)) throw new Error(`--patience-s must be a whole number of seconds, not "${patience}"`)
  const dataDir = resolve(values.data)
  const regions: [ComparedRegion, ComparedRegion] = [
    await openRegion(join(dataDir, 'a')),
    await openRegion(join(dataDir, 'b')),
  ]
  const found = await compareRegions(...regions, Number(patience) * 1_000)
  await Promise.all(regions.map(({ sql }) => sql.end({ timeout: 5 })))
  const report = makeReport('compare', { patienceS: Number(patience) }, found, dataDir)
  if (values.json !== undefined) writeReport(values.json, report)
  const { figures, notes, verdict } = report
  const width = Math.max(0, ...Object.keys(figures).map((name) => name.length))
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`)
  for (const note of notes) process.stdout.write(`  ${note}\n`)
  process.stdout.write(`${verdict}\n`)
  process.exit(exitCodes[verdict])
})

async function openRegion(dataDir: string): Promise<ComparedRegion> {
  const { facts, blobs, logs } = await openAuditedRegion(dataDir, 'compare')
  return { region: facts.region, sql: openDatabase(facts.databaseUrl, 'compare', 2), blobs, logs }
}
