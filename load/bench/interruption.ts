/** What ends by a signal ends with 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

type Stoppable = { stop(): Promise<void> }

const running = new Set<Promise<Stoppable>>()
let interrupted = false

/**
 * Starts what must not outlive this program: an interruption stops it, or waits for it to have started and then stops
 * it. Its `stop` works once, whoever calls it.
 */
export async function stoppedOnInterruption<T extends Stoppable>(start: () => Promise<T>): Promise<T> {
  // Nothing more is begun that would have to be ended.
  if (interrupted) return new Promise(() => undefined)
  const starting = start().then((started) => {
    const stop = started.stop.bind(started)
    let stopped: Promise<void> | undefined
    started.stop = () => {
      stopped ??= stop().finally(() => running.delete(starting))
      return stopped
    }
    return started
  })
  running.add(starting)
  starting.catch(() => running.delete(starting))
  return starting
}

/**
 * From now on SIGINT and SIGTERM end this program once everything that it started has ended.
 * @param program as it names itself to people
 */
export function stopOnInterruption(program: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt(program, signal))
}

/** Ends this program, with a last word if there is one; where an interruption is ending it, that alone does. */
export function endWith(code: number, lastWord = ''): Promise<never> {
  if (!interrupted) {
    process.stderr.write(lastWord)
    process.exit(code)
  }
  return new Promise(() => undefined)
}

async function interrupt(program: string, signal: keyof typeof exitCodes): Promise<void> {
  if (interrupted) process.exit(exitCodes[signal])
  interrupted = true
  // Whatever fails from now on fails since what it needs is being ended.
  process.on('uncaughtException', () => undefined)
  process.stderr.write(`\n${program}: ${signal}: ending what was started\n`)
  const ends = await Promise.allSettled([...running].map(async (starting) => (await starting).stop()))
  for (const end of ends) {
    if (end.status === 'rejected') process.stderr.write(`${program}: ${(end.reason as Error).message}\n`)
  }
  process.exit(exitCodes[signal])
}
