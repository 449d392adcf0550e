import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const runtimes = ['node', 'deno'] as const
export type Runtime = (typeof runtimes)[number]

const program = fileURLToPath(new URL('./main.ts', import.meta.url))
const deno = fileURLToPath(new URL('../../node_modules/.bin/deno', import.meta.url))
const waitMsMax = 30_000

/** The worker's program as a process of its own, with its log lines. */
export class WorkerProcess {
  readonly lines: Record<string, unknown>[] = []
  stderr = ''
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(runtime: Runtime, dir: string, settings: Record<string, unknown>) {
    const file = join(dir, `worker-${runtime}.json`)
    writeFileSync(file, JSON.stringify(settings))
    const command = runtime === 'deno' ? deno : process.execPath
    const args = runtime === 'deno' ? ['run', '-A', '--quiet', program] : [program]
    const env = { ...process.env, JIAOZI_SETTINGS: file }
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = once(this.#child, 'close')
    let rest = ''
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop()!
      for (const line of parts) this.lines.push(JSON.parse(line) as Record<string, unknown>)
    })
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
  }

  /** Waits until a line with these words has come. @throws Error with all that it said when it does not come. */
  async said(words: string, count = 1): Promise<Record<string, unknown>[]> {
    const deadlineMs = performance.now() + waitMsMax
    for (;;) {
      const found = this.lines.filter(({ msg }) => msg === words)
      if (found.length >= count) return found
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null
      if (ended || performance.now() > deadlineMs) {
        throw new Error(`it did not say "${words}": ${JSON.stringify(this.lines)} ${this.stderr}`)
      }
      await sleep(20)
    }
  }

  /** Waits until it has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#exited
    return this.#child.exitCode
  }

  /** Sends a signal unless it has ended, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal)
    return this.ended()
  }
}
