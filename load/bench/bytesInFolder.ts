import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes that a folder takes on the disk; what vanishes while it is looked at counts as nothing. */
export function bytesInFolder(folder: string): number {
  let bytes = 0
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += bytesInFolder(path)
    else bytes += (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
  }
  return bytes
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
