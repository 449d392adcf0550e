import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Puts a file in place so that after a crash at any moment either the old or the new one is there, whole and synced.
 * The file is readable by its user only.
 */
export function replaceFile(file: string, contents: Uint8Array): void {
  const temporary = `${file}.new-${process.pid}`
  try {
    const descriptor = openSync(temporary, 'w', 0o600)
    try {
      let written = 0
      while (written < contents.length) written += writeSync(descriptor, contents, written)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, file)
  } catch (error) {
    removeIfThere(temporary)
    throw error
  }
  syncFolder(dirname(file))
}

/** A rename is durable once the folder that names the file is. */
export function syncFolder(dir: string): void {
  const descriptor = openSync(dir, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function removeIfThere(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
