import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { namesIn, putFile } from './folderFiles.ts'

let dir: string
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'jiaozi-files-')), 'made')
})
afterEach(() => rmSync(join(dir, '..'), { recursive: true }))

/** `count` pieces of 0 to `bytes` bytes, no two lengths alike in a row. */
function piecesOf(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => new Uint8Array((n * 7) % (bytes + 1)).fill(n % 251))
}

test.each([
  ['no piece', []],
  ['an empty piece', [new Uint8Array(0)]],
  ['fewer pieces than one write takes', piecesOf(3, 10)],
  ['as many pieces as one write takes', piecesOf(1_024, 10)],
  ['many more pieces than one write takes', piecesOf(5_000, 60)],
  ['pieces that are larger than what one write takes', piecesOf(5, 3_000_000)],
])('a file of %s is what its pieces are, one behind the other', async (_, pieces) => {
  const whole = Buffer.concat(pieces)
  expect(await putFile(dir, 'all', pieces)).toBe(whole.length)
  expect(Buffer.compare(readFileSync(join(dir, 'all')), whole)).toBe(0)
  expect(await namesIn(dir)).toEqual(['all'])
})

test('pieces may be made while they are written', async () => {
  const made = async function* () {
    for (const piece of piecesOf(2_000, 100)) yield await Promise.resolve(piece)
  }
  await putFile(dir, 'made', made())
  expect(Buffer.compare(readFileSync(join(dir, 'made')), Buffer.concat(piecesOf(2_000, 100)))).toBe(0)
})

test('only its user can read folder and file', async () => {
  await putFile(dir, 'mine', piecesOf(1, 1))
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, 'mine')).mode & 0o777).toBe(0o600)
})

test('a file whose pieces end half way leaves what was there, and nothing beside it', async () => {
  await putFile(dir, 'one', [Buffer.from('before')])
  const broken = async function* () {
    yield Buffer.alloc(2_000_000)
    throw new Error('the disk behind it is gone')
  }
  await expect(putFile(dir, 'one', broken())).rejects.toThrow('the disk behind it is gone')
  expect(readdirSync(dir)).toEqual(['one'])
  expect(readFileSync(join(dir, 'one'), 'utf8')).toBe('before')
})

test('a folder that is not there holds nothing', async () => {
  expect(await namesIn(join(dir, 'nowhere'))).toEqual([])
})

test('a file of which the system takes a part and no more is said not to fit, and nothing of it is left', async () => {
  await putFile(dir, 'one', [Buffer.from('before')])
  const program = `
    const { putFile } = await import(${JSON.stringify(new URL('folderFiles.ts', import.meta.url).href)})
    const piece = new Uint8Array(7_000)
    console.log(await putFile(process.argv.at(-1), 'one', [piece, piece, piece]).catch(String))`
  // No file of this process may be larger than a piece and a half: the first write stops in the second piece.
  const limit = 'trap "" XFSZ && ulimit -f 20 && exec "$@"'
  const run = 'Deno' in globalThis ? ['eval', program] : ['--input-type=module', '-e', program]
  const args = ['-c', limit, 'sh', process.execPath, ...run, dir]
  const { stdout } = await promisify(execFile)('sh', args, { timeout: 20_000 })
  expect(stdout).toMatch(/file too large/i)
  expect(await namesIn(dir)).toEqual(['one'])
  expect(readFileSync(join(dir, 'one'), 'utf8')).toBe('before')
})
