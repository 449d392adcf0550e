import { statfsSync } from 'node:fs'

/** File systems in memory, by the numbers that Linux gives them: tmpfs and ramfs. */
const inMemory = [0x01021994, 0x858458f6]

/** @throws Error when a folder is in memory: an fsync does nothing there, and no figure of what is durable means anything */
export function requireDisk(folder: string): void {
  if (inMemory.includes(statfsSync(folder).type)) {
    throw new Error(`${folder} is in memory, where fsync does nothing: set TMPDIR to a folder on a disk`)
  }
}
