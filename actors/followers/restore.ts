import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Ledger } from '../ledger/ledger.ts'
import { State } from '../ledger/state.ts'
import { type Blobs, createBlobs } from '../log/blobs.ts'
import { chainStart } from '../log/chain.ts'
import { replaceFile, syncFolder } from '../log/durableFile.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { rootKeyFile } from '../log/rootKey.ts'
import { segmentsDir, snapshotsDir } from './backup.ts'
import { openKeys, ringCopy } from './backupKeys.ts'
import { BackupError, type BackupManifest, checkFiles, checkManifestSeal, readManifest } from './backupManifest.ts'
import { restoredFile } from './restoredLogs.ts'

export type RestorePlan = {
  /** Folder of the backup. */
  readonly from: string
  readonly dataDir: string
  /** The root key that the backup does not hold; `keys/root.key` of the data folder when it is not named. */
  readonly rootKey?: string | undefined
}

/**
 * Makes a data folder from a backup. Logs and snapshots go into its archive, and the first start goes on behind them with
 * the sequence that follows. Everything is checked before the folder changes; it then appears whole or not at all.
 * @throws BackupError
 */
export async function restore({ from, dataDir, rootKey }: RestorePlan): Promise<BackupManifest> {
  const manifest = readManifest(from)
  const ownKey = join(dataDir, 'keys', rootKeyFile)
  checkEmpty(dataDir)
  const key = rootKey ?? ownKey
  if (!existsSync(key)) {
    throw new BackupError(`a backup does not hold the root key: put it at ${ownKey} (mode 0600) or name it`)
  }
  await checkFiles(from, manifest)
  const aside = `${dataDir}.restoring`
  rmSync(aside, { recursive: true, force: true })
  try {
    await fill(aside, from, key, manifest)
    rmSync(dataDir, { recursive: true, force: true })
    renameSync(aside, dataDir)
    syncFolder(dirname(dataDir))
  } catch (error) {
    // Once the old place is gone the new one holds the only copy of what was in it.
    if (existsSync(dataDir) || rootKey !== undefined) rmSync(aside, { recursive: true, force: true })
    throw error
  }
  return manifest
}

/** A root key that waits for its ring is all that may be there. */
function checkEmpty(dataDir: string): void {
  if (!existsSync(dataDir)) return
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
  const other = files.find(({ parentPath, name }) => join(parentPath, name) !== join(dataDir, 'keys', rootKeyFile))
  if (other !== undefined) throw new BackupError(`${dataDir} is not empty: it holds ${other.name}`)
}

async function fill(aside: string, from: string, rootKey: string, manifest: BackupManifest): Promise<void> {
  const keysDir = join(aside, 'keys')
  mkdirSync(keysDir, { recursive: true, mode: 0o700 })
  replaceFile(join(keysDir, rootKeyFile), readFileSync(rootKey))
  copySynced(join(from, ringCopy), join(aside, ringCopy))
  const blobs = createBlobs(openKeyRing(keysDir))
  checkManifestSeal(from, blobs)
  for (const place of manifest.shards) await checkShard(from, blobs, manifest.region, place)
  openKeys(from, keysDir, blobs)
  const archive = join(aside, 'archive')
  for (const { name } of manifest.files) {
    if (/^(segments|snapshots)\//.test(name)) copySynced(join(from, name), join(archive, name))
  }
  copySynced(join(from, 'format.json'), join(aside, 'format.json'))
  const places = manifest.shards.map(({ shard, seq }) => ({ shard, seq }))
  replaceFile(join(aside, restoredFile), Buffer.from(JSON.stringify(places)))
}

/** Opens all of one shard: the log is whole from 1 to the cut, and the state is the one that was saved there. */
async function checkShard(
  from: string,
  blobs: Blobs,
  region: string,
  { shard, seq, chain, digest }: BackupManifest['shards'][number],
): Promise<void> {
  const segments = folderSegments(segmentsDir(from), blobs, region)
  let end: Uint8Array = chainStart
  let next = 1
  for (const info of await segments.list(shard)) {
    const segment = await segments.read(info)
    if (segment.first !== next || Buffer.compare(segment.startChain, end) !== 0) {
      throw new BackupError(`shard ${shard}: the segment with entry ${next} is missing`)
    }
    end = segment.endChain
    next = segment.last + 1
  }
  if (next !== seq + 1) throw new BackupError(`shard ${shard}: the segment with entry ${next} is missing`)
  if (Buffer.from(end).toString('hex') !== chain) throw new BackupError(`shard ${shard}: its log is another one`)
  const snapshot = await folderSnapshots(snapshotsDir(from), blobs).newest(shard)
  if (snapshot?.manifest.seq !== seq) throw new BackupError(`shard ${shard}: its snapshot at ${seq} does not open`)
  const { state } = Ledger.fromState(State.load(snapshot.sections))
  if (state.digestText() !== digest || Buffer.compare(snapshot.manifest.chain, end) !== 0) {
    throw new BackupError(`shard ${shard}: its snapshot is not the state that was backed up`)
  }
}

function copySynced(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  copyFileSync(source, target)
  const descriptor = openSync(target, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
