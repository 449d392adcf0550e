import module from 'node:module'
import pino, { type Logger } from 'pino'

const drainMs = 15_000

/** JSON lines on standard output. Only counts, positions, codes and ids of ours: no key, number or name of anybody. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    { name, level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ sync: true }),
  )
}

/**
 * Ends the process in an orderly way on SIGTERM or SIGINT: runs `drain` once and exits 0, or 1 when it fails or takes
 * too long. A second signal does not cut the drain short; the supervisor kills what overstays.
 */
export function drainOnSignal(log: Logger, drain: () => Promise<void>): void {
  let draining = false
  const begin = (signal: string): void => {
    if (draining) return
    draining = true
    log.info({ signal }, 'draining')
    const overdue = setTimeout(() => {
      log.error({ drainMs }, 'drain took too long')
      process.exit(1)
    }, drainMs)
    overdue.unref()
    drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'drain failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => begin('SIGTERM'))
  process.on('SIGINT', () => begin('SIGINT'))
}

/** Runs a program's main and turns a failure into one line and exit code 1. */
export function runMain(name: string, main: () => Promise<void>): void {
  main().then(keepCompiled, (error: unknown) => {
    process.stderr.write(`${name}: ${messageOf(error)}\n`)
    process.exit(1)
  })
}

/** Where NODE_COMPILE_CACHE is set, a process that is killed later has left what it compiled to the next. */
function keepCompiled(): void {
  if ('flushCompileCache' in module) module.flushCompileCache()
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
