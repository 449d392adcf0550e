import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openBookFile } from './bookFile.ts'
import { GroupCommit } from './groupCommit.ts'

let dir: string
let db: DatabaseSync

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jiaozi-commit-'))
  db = openBookFile(join(dir, 'book.db'), 1, 'CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY) STRICT')
})

afterEach(() => {
  if (db.isOpen) db.close()
  rmSync(dir, { recursive: true, force: true })
})

const rows = (): number[] => (db.prepare('SELECT n FROM t ORDER BY n').all() as { n: number }[]).map(({ n }) => n)

test('work that arrives together is committed together', async () => {
  const commits = new GroupCommit(db)
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  const exec = vi.spyOn(db, 'exec')
  const done = await Promise.all(Array.from({ length: 100 }, (_, n) => commits.run(() => insert.run(n) && n)))
  expect(done).toEqual(Array.from({ length: 100 }, (_, n) => n))
  expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1)
  expect(rows()).toEqual(done)
})

test('work that fails leaves nothing behind and does not take its neighbours with it', async () => {
  const commits = new GroupCommit(db)
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  const outcomes = await Promise.allSettled([
    commits.run(() => insert.run(1)),
    commits.run(() => {
      insert.run(2)
      throw new Error('law broken')
    }),
    commits.run(() => insert.run(3)),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(rows()).toEqual([1, 3])
})

test('a book in use, of another version or damaged is refused in one clear line', () => {
  const file = join(dir, 'book.db')
  expect(() => openBookFile(file, 1, 'SELECT 1')).toThrow(/book file .* cannot be used: database is locked/)
  db.close()
  expect(() => openBookFile(file, 2, 'SELECT 1')).toThrow(/it has format 1, this program reads 2/)
})
