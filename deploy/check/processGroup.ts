import { readdirSync, readFileSync } from 'node:fs'

/**
 * Processes of a group that still run. Ones that have ended and wait to be reaped do not count; a process that made a
 * group of its own is not seen.
 * @returns their ids and commands; none where there is no /proc
 */
export function runningInGroup(group: number): { pid: number; command: string }[] {
  return processIds().flatMap((pid) => {
    const stat = readProcessFile(pid, 'stat')
    // "pid (name) state parent group …", and a name may itself hold blanks and brackets.
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(processGroup) !== group || state === 'Z' || state === 'X') return []
    return [{ pid, command: readProcessFile(pid, 'cmdline').replaceAll('\0', ' ').trim() }]
  })
}

/** kill -9 for every process of the group. */
export function killGroup(group: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Empty when the process has ended since it was listed. */
function readProcessFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
