import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second, whatever its own clock runs at. */
const ticksPerSecond = 100

/** Processor seconds that a process and its children have used so far; 0 where there is no /proc. */
export function cpuSecondsOf(parent: number): number {
  let ticks = 0
  for (const { pid, fields } of treeOf(parent)) {
    // utime, stime, cutime and cstime; what children that have ended used is in their parent's count.
    const until = pid === parent ? 15 : 13
    ticks += fields.slice(11, until).reduce((sum, field) => sum + Number(field), 0)
  }
  return ticks / ticksPerSecond
}

/** Seconds that the machine's cores together have lain idle so far, waits for a disk included; undefined without /proc. */
export function idleSecondsOfMachine(): number | undefined {
  const [, , , idle, waiting] = (/^cpu +(.*)$/m.exec(readOr('/proc/stat', ''))?.[1] ?? '').split(' ').map(Number)
  return idle === undefined || waiting === undefined ? undefined : (idle + waiting) / ticksPerSecond
}

/** Bytes of memory that a process and its children hold, what they share counted once. */
export function memoryBytesOf(parent: number): number {
  let kilobytes = 0
  for (const { pid } of treeOf(parent)) {
    const found = /^Pss:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/smaps_rollup`, ''))
    kilobytes += Number(found?.[1] ?? 0)
  }
  return kilobytes * 1_024
}

/** Bytes that a process and its children caused to be sent to the disk so far; 0 where that is not told. */
export function bytesWrittenOf(parent: number): number {
  let bytes = 0
  for (const { pid } of treeOf(parent)) {
    bytes += Number(/^write_bytes: (\d+)$/m.exec(readOr(`/proc/${pid}/io`, ''))?.[1] ?? 0)
  }
  return bytes
}

/** A process and its children, with the fields of their `stat` from the state on. */
function treeOf(parent: number): { pid: number; fields: string[] }[] {
  return processIds().flatMap((pid) => {
    const stat = readOr(`/proc/${pid}/stat`, '')
    // The command stands in brackets and may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return pid === parent || Number(fields[1]) === parent ? [{ pid, fields }] : []
  })
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
