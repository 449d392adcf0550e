import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import type { Blobs } from '../log/blobs.ts'
import { replaceFile } from '../log/durableFile.ts'
import { ringFileName } from '../log/fileKeyRing.ts'
import { rootKeyFile } from '../log/rootKey.ts'
import { SealError } from '../log/sealError.ts'
import { BackupError } from './backupManifest.ts'

export const sealedKeysFile = 'keys.sealed'
export const ringCopy = `keys/${ringFileName}`
const binding = 'backup keys'

/**
 * Copies what is in a region's folder of keys. The ring is sealed by the root key as it is; passwords, certificates and
 * identities go into one file sealed by the ring. The root key itself never leaves: whoever finds a backup finds nothing.
 */
export function copyKeys(keysDir: string, dir: string, blobs: Blobs): void {
  mkdirSync(join(dir, 'keys'), { recursive: true, mode: 0o700 })
  const files: Record<string, string> = {}
  for (const entry of readdirSync(keysDir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const name = relative(keysDir, file)
    if (!entry.isFile() || name === rootKeyFile || name.startsWith('ring.')) continue
    files[name] = readFileSync(file).toString('base64')
  }
  const sealed = blobs.sealBlob('snapshot', Buffer.from(JSON.stringify(files)), binding)
  replaceFile(join(dir, sealedKeysFile), sealed)
  replaceFile(join(dir, ringCopy), readFileSync(join(keysDir, ringFileName)))
}

/** Puts the sealed files back. The ring, which opens them, is in `keysDir` already. */
export function openKeys(dir: string, keysDir: string, blobs: Blobs): void {
  const file = join(dir, sealedKeysFile)
  if (!existsSync(file)) throw new BackupError(`${file} is missing`)
  for (const [name, contents] of Object.entries(readSealed(file, blobs))) {
    if (normalize(name).split(sep).includes('..')) throw new BackupError(`${file} names a file outside of its folder`)
    const target = join(keysDir, name)
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    writeFileSync(target, Buffer.from(contents, 'base64'), { mode: 0o600, flush: true })
  }
}

function readSealed(file: string, blobs: Blobs): Record<string, string> {
  try {
    return JSON.parse(Buffer.from(blobs.openBlob('snapshot', readFileSync(file), binding)).toString())
  } catch (error) {
    if (!(error instanceof SealError)) throw error
    throw new BackupError(`${file} does not open: ${error.message}`)
  }
}
