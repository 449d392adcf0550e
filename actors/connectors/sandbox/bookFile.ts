import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Opens the SQLite file that is one far side's whole memory. Every commit is on disk before it is answered
 * (WAL with synchronous FULL), and the file is locked, so that a second process on the same data fails at once.
 * @param formatVersion a file of another version is refused: this program would misread it
 * @throws Error that names the file when it is in use, damaged or of another version
 */
export function openBookFile(file: string, formatVersion: number, schema: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true })
  // Account numbers stand in it: nobody but its owner may read it, or the write-ahead log that SQLite puts beside it.
  closeSync(openSync(file, 'a', 0o600))
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (found !== 0 && found !== formatVersion) {
      throw new Error(`it has format ${found}, this program reads ${formatVersion}`)
    }
    db.exec(`BEGIN IMMEDIATE; ${schema}; PRAGMA user_version = ${formatVersion}; COMMIT`)
    return db
  } catch (error) {
    db.close()
    throw new Error(`book file ${file} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}
