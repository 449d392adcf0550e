import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { replaceFile } from '../log/durableFile.ts'
import { runMain } from '../log/process.ts'
import { Replica } from '../log/replica.ts'
import { type AuditedRegion, openAuditedRegion } from './auditedRegion.ts'
import { backUp } from './backup.ts'
import { copyKeys } from './backupKeys.ts'
import { BackupError, type BackupManifest, fileOf, writeManifest } from './backupManifest.ts'
import type { AuditedShard } from './cut.ts'
import { readRegionFacts } from './regionFacts.ts'

const usage = `Usage: npx jiaozi backup DIR [--data DATA]

Copies a running region into an empty folder: a sealed snapshot of each shard at one consistent cut, its whole log up to
there, the ring of keys, and, sealed, the region's passwords and certificates. The root key (DATA/keys/root.key) is not
in it: keep a copy of that elsewhere, without it nobody can restore. What bank and central bank know is not in it either.
`

runMain('backup', async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '.data' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.out === undefined) {
    process.stdout.write(usage)
    process.exit(values.help ? 0 : 2)
  }
  const [dataDir, dir] = [resolve(values.data), resolve(values.out)]
  if (existsSync(dir) && readdirSync(dir).length > 0) throw new BackupError(`${dir} is not empty`)
  if (readRegionFacts(dataDir).peer !== undefined) {
    throw new BackupError('one of two regions cannot be restored from a backup: each is the copy of the other')
  }
  const region = await openAuditedRegion(dataDir, 'backup')
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    show(dir, await backUpRegion(region, dataDir, dir))
  } catch (error) {
    // Half a backup must not stand in the way of the next try.
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true })
    throw error
  } finally {
    await region.connection.close()
  }
  process.exit(0)
})

async function backUpRegion(region: AuditedRegion, dataDir: string, dir: string): Promise<BackupManifest['shards']> {
  const { facts, blobs, newestSnapshot, logs, openers } = region
  const shards: AuditedShard[] = []
  for (const [shard, log] of logs.entries()) {
    const replica = new Replica(shard, openers[shard]!)
    const snapshot = await newestSnapshot(shard)
    if (snapshot !== undefined) replica.restore(snapshot.manifest, snapshot.sections)
    shards.push({ replica, log })
  }
  const places = await backUp(facts.region, shards, blobs, dir)
  replaceFile(join(dir, 'format.json'), readFileSync(join(dataDir, 'format.json')))
  // Last, so that a key that was made meanwhile is in the ring.
  copyKeys(facts.keysDir, dir, blobs)
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = []
  for (const { parentPath, name } of names) {
    files.push(await fileOf(dir, parentPath === dir ? name : `${parentPath.slice(dir.length + 1)}/${name}`))
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1))
  writeManifest(dir, blobs, { region: facts.region, createdAt: new Date().toISOString(), shards: places, files })
  return places
}

function show(dir: string, places: BackupManifest['shards']): void {
  for (const { shard, seq, digest } of places) process.stdout.write(`  shard ${shard}  to ${seq}  digest ${digest}\n`)
  process.stdout.write(`backed up to ${dir}; the root key is not in it\n`)
}
