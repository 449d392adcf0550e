import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs another program of this repository with this runtime, and passes on the signals that would end this process.
 * @param program path from the root
 * @param output where its standard output goes: to this process's own, or nowhere
 * @returns its exit code, 128 + n when signal n ended it
 * @throws Error when it cannot be started
 */
export function runProgram(program: string, args: readonly string[], output: 'inherit' | 'ignore'): Promise<number> {
  const file = fileURLToPath(new URL(program, root))
  if (!existsSync(file)) throw new Error(`${program} is not there: this clone is not whole`)
  const flags = 'Deno' in globalThis ? ['run', '-A', '--quiet'] : ['--disable-warning=ExperimentalWarning']
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['inherit', output, 'inherit'] })
    const forwards = forwarded.map((signal) => [signal, () => child.kill(signal)] as const)
    for (const [signal, forward] of forwards) process.on(signal, forward)
    const stop = (): void => {
      for (const [signal, forward] of forwards) process.removeListener(signal, forward)
    }
    child.once('error', (error) => {
      stop()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stop()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}
