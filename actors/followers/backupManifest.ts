import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Blobs } from '../log/blobs.ts'
import { replaceFile } from '../log/durableFile.ts'
import { SealError } from '../log/sealError.ts'

/** Raised when the layout of a backup changes; an older program refuses a newer one. */
const backupFormat = 1
const manifestFile = 'manifest.json'
const sealFile = 'manifest.seal'
const sealBinding = 'backup manifest'

const sha256 = z.hex().length(64)

const backupManifest = z.strictObject({
  format: z.number().int(),
  region: z.string().regex(/^[a-z]$/),
  createdAt: z.iso.datetime(),
  /** Where each shard was at the backup's cut. */
  shards: z.array(
    z.strictObject({ shard: z.number().int().min(0), seq: z.number().int().min(1), chain: sha256, digest: z.string() }),
  ),
  files: z.array(
    z.strictObject({
      name: z.string().regex(/^([a-z]+\/)?[a-z0-9][a-z0-9.-]*$/),
      bytes: z.number().int().min(0),
      sha256,
    }),
  ),
})

export type BackupManifest = z.infer<typeof backupManifest>

/** A backup that cannot be used, or a folder that cannot be restored into: one line says why. */
export class BackupError extends Error {}

export async function fileOf(dir: string, name: string): Promise<BackupManifest['files'][number]> {
  return { name, bytes: statSync(join(dir, name)).size, sha256: await digestOf(join(dir, name)) }
}

/** Writes the manifest, which makes a folder a backup, and the seal that binds it to the region's keys. */
export function writeManifest(dir: string, blobs: Blobs, contents: Omit<BackupManifest, 'format'>): void {
  const manifest: BackupManifest = { format: backupFormat, ...contents }
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  replaceFile(join(dir, sealFile), blobs.sealBlob('snapshot', hashOf(text), sealBinding))
  replaceFile(join(dir, manifestFile), text)
}

/** @throws BackupError when the folder holds no backup that this program reads. */
export function readManifest(dir: string): BackupManifest {
  const file = join(dir, manifestFile)
  if (!existsSync(file)) throw new BackupError(`${dir} holds no whole backup: ${manifestFile} is missing`)
  const parsed = backupManifest.safeParse(parseJson(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new BackupError(`${file} is damaged: ${parsed.error.issues[0]!.message}`)
  if (parsed.data.format !== backupFormat) {
    throw new BackupError(`${dir} has format ${parsed.data.format}, this program reads ${backupFormat}`)
  }
  return parsed.data
}

/** @throws BackupError when somebody without the region's keys wrote the manifest. */
export function checkManifestSeal(dir: string, blobs: Blobs): void {
  const file = join(dir, sealFile)
  if (!existsSync(file)) throw new BackupError(`${file} is missing`)
  try {
    const sealed = blobs.openBlob('snapshot', readFileSync(file), sealBinding)
    if (Buffer.compare(sealed, hashOf(readFileSync(join(dir, manifestFile)))) === 0) return
  } catch (error) {
    if (!(error instanceof SealError)) throw error
  }
  throw new BackupError(`${join(dir, manifestFile)} is not the manifest that was sealed with this backup's keys`)
}

/** @throws BackupError that names the first file that is missing or not as it was written. */
export async function checkFiles(dir: string, { files }: BackupManifest): Promise<void> {
  for (const { name, bytes, sha256: wanted } of files) {
    const file = join(dir, name)
    if (!existsSync(file)) throw new BackupError(`${file} is missing`)
    const found = statSync(file).size
    if (found !== bytes) throw new BackupError(`${file} is damaged: it has ${found} bytes, not ${bytes}`)
    if ((await digestOf(file)) !== wanted) throw new BackupError(`${file} is damaged: its SHA-256 is another one`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const hashOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}
