import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { isCode, removeIfThere } from './durableFile.ts'

const pollMs = 20

/** A lock file stays without its holder's name only if the holder died between making and writing it. */
const namelessMs = 10_000

/**
 * Runs `work` while no other process of this machine runs work under the same lock file.
 * A lock is taken over only when its holder is surely dead: one that merely hangs may still wake up and write.
 * @throws Error that names the file when it is still held after `timeoutMs`.
 */
export function withFileLock<T>(file: string, timeoutMs: number, work: () => T): T {
  const deadlineMs = performance.now() + timeoutMs
  while (!take(file)) {
    if (isLeftBehind(file)) breakLock(file)
    if (performance.now() > deadlineMs) throw new Error(`${file} is held by another process`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs)
  }
  try {
    return work()
  } finally {
    removeIfThere(file)
  }
}

function take(file: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o600)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
  try {
    writeSync(descriptor, `${hostname()} ${process.pid}`)
  } finally {
    closeSync(descriptor)
  }
  return true
}

/** Only one process at a time may remove a dead holder's lock, else the second would remove the first one's new lock. */
function breakLock(file: string): void {
  const breaking = `${file}.breaking`
  if (!take(breaking)) return
  try {
    if (isLeftBehind(file)) removeIfThere(file)
  } finally {
    removeIfThere(breaking)
  }
}

function isLeftBehind(file: string): boolean {
  try {
    const [host, pid] = readFileSync(file, 'utf8').split(' ')
    if (!host || !pid) return Date.now() - statSync(file).mtimeMs > namelessMs
    // This process is waiting, so a lock in its own name is from an earlier process that had the same number.
    return host === hostname() && (Number(pid) === process.pid || !isAlive(Number(pid)))
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}
