import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Raised when a release changes the folder in a way that older ones cannot read. */
export const dataFormat = 1
const freeBytesMin = 512 * 1024 * 1024

/** `region` is `ab` when there are two. */
type Format = { format: number; region: string; shardCount: number }

/** The folder cannot be used as it is: one line says why. */
export class DataFolderError extends Error {}

/**
 * Opens a data folder for one supervisor: makes it when it is new, refuses another's, another version's or a full disk.
 * @returns how to let it go.
 */
export function openDataFolder(dir: string, region: string, shardCount: number): { release(): void } {
  makeFolder(dir)
  const { bavail, bsize } = statfsSync(dir)
  if (bavail * bsize < freeBytesMin) {
    throw new DataFolderError(`the disk of ${dir} has less than ${freeBytesMin / 1024 / 1024} MiB free`)
  }
  const release = lock(dir)
  try {
    checkFormat(dir, { format: dataFormat, region, shardCount })
  } catch (error) {
    release()
    throw error
  }
  for (const folder of ['run', 'log', 'keys']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 })
  return { release }
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error
    const is = code === 'EEXIST' ? 'is a file, not a folder' : 'lies in a file, not in a folder'
    throw new DataFolderError(`${dir} ${is}; choose another with --data`, { cause: error })
  }
}

function checkFormat(dir: string, wanted: Format): void {
  const file = join(dir, 'format.json')
  if (!existsSync(file)) {
    writeDurably(file, `${JSON.stringify(wanted)}\n`)
    return
  }
  const found = readFormat(file)
  if (found.format > wanted.format) {
    throw new DataFolderError(
      `${dir} was written by a newer release (format ${found.format}, this one knows ${dataFormat})`,
    )
  }
  if (found.region !== wanted.region) {
    const named = (region: string): string => (region === 'ab' ? 'regions a and b' : `region ${region}`)
    throw new DataFolderError(`${dir} holds ${named(found.region)}, not ${named(wanted.region)}`)
  }
  if (found.shardCount !== wanted.shardCount) {
    throw new DataFolderError(
      `${dir} was made with --shards ${found.shardCount}; it cannot be opened with ${wanted.shardCount}`,
    )
  }
}

/** Of a newer release only `format` is sure: that one may write the rest in another way. */
function readFormat(file: string): Format {
  const found = parsed(readFileSync(file, 'utf8')) as Partial<Format> | null | undefined
  const known = typeof found?.region === 'string' && Number.isInteger(found.shardCount)
  if (Number.isInteger(found?.format) && (known || found!.format! > dataFormat)) return found as Format
  // It is not made anew from what was typed: the data could then be opened with a wrong number of shards.
  throw new DataFolderError(
    `${file} is damaged; put it back from a backup, or write what the folder was made with, ` +
      `as {"format":${dataFormat},"region":"LETTER or ab","shardCount":NUMBER}`,
  )
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The kernel's start time of a process tells it from a later one with the same number. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function lock(dir: string): () => void {
  const file = join(dir, 'lock')
  const mine = `${process.pid} ${processStart(process.pid) ?? ''}`
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, mine)
      closeSync(handle)
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const [pid = '0', start = ''] = readFileSync(file, 'utf8').split(' ')
    if (processStart(Number(pid)) === start && start !== '') {
      throw new DataFolderError(`${dir} is in use by process ${pid}`)
    }
    rmSync(file, { force: true })
  }
  throw new DataFolderError(`${dir} is being opened by another process`)
}

/** Whole or not at all: written aside, synced, moved into place. */
export function writeDurably(file: string, text: string, mode = 0o600): void {
  const aside = `${file}.new`
  writeFileSync(aside, text, { mode })
  const handle = openSync(aside, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(aside, file)
}
