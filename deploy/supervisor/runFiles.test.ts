import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RunFiles } from './runFiles.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-run-files-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what cannot be written ends nothing, is said once, and is written when it can be', () => {
  const said: string[] = []
  const files = new RunFiles(folder, 'region.json', (line) => said.push(line))
  const pids = { worker: process.pid }
  // There is no folder for it: to the supervisor the same as a disk that is full.
  for (let look = 0; look < 3; look++) files.writePids(pids)
  expect(said).toEqual([expect.stringMatching(/^what runs cannot be written down: ENOENT/)])
  mkdirSync(join(folder, 'run'))
  files.writePids(pids)
  files.writeFacts({ region: 'a' })
  expect(JSON.parse(readFileSync(join(folder, 'run/pids.json'), 'utf8'))).toMatchObject({
    worker: { pid: process.pid },
  })
  expect(JSON.parse(readFileSync(join(folder, 'run/region.json'), 'utf8'))).toEqual({ region: 'a' })
})
