import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const startTimeoutMs = 120_000
const stopTimeoutMs = 60_000
const lastWordsMax = 2_000
const lifeline = pathToFileURL(resolve(import.meta.dirname, '../../deploy/bootstrap/lifeline.mjs')).href

/** What a program keeps running for this one, and what this one must know of it. */
export type Kept<Facts> = { readonly facts: Facts; stop(): Promise<void> }

/** Starts a Node program that gets a SIGTERM when this one ends, in whatever way this one ends. */
export function spawnBound(args: readonly string[], output: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', lifeline, ...args], {
    stdio: ['ignore', output, output, 'pipe'],
    detached: true,
    env: { ...process.env, JIAOZI_LAUNCHER_PID: String(process.pid) },
  })
}

/**
 * Starts a program of this folder that keeps servers by `keepUntilTold`, and waits until they are ready. Servers that
 * are no Node programs have no lifeline of their own: whoever has one keeps them.
 * @throws Error with the program's last word when it ends instead, or takes longer than two minutes
 */
export async function startBound<Facts>(program: string, options: unknown): Promise<Kept<Facts>> {
  const child = spawnBound([resolve(import.meta.dirname, program), JSON.stringify(options)], 'pipe')
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  let [lastWords, stopping] = ['', false]
  child.stderr!.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-lastWordsMax)
  })
  const whyEnded = (): Error =>
    new Error(`${program} ended: ${lastWords.trim().split('\n').at(-1) || 'it said nothing'}`)
  const stop = async (): Promise<void> => {
    stopping = true
    child.kill('SIGTERM')
    const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(overdue)
  }
  try {
    const facts = await Promise.race([
      factsSaidBy<Facts>(child, program),
      exited.then(() => Promise.reject(whyEnded())),
    ])
    // Whoever is about to use it must not wait for answers that cannot come.
    child.once('exit', () => {
      if (!stopping) throw whyEnded()
    })
    return { facts, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function factsSaidBy<Facts>(child: ChildProcess, program: string): Promise<Facts> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${program} was not ready in ${startTimeoutMs} ms`)), startTimeoutMs)
    child.once('exit', () => clearTimeout(late))
    let said = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.endsWith('\n')) return
      clearTimeout(late)
      resolve(JSON.parse(said) as Facts)
    })
  })
}

/**
 * The other side of `startBound`: starts something by the options given to this program, says what it is, and stops it
 * when told to, or when the program that wanted it has ended.
 * @param start may say later by `giveUp` that what it keeps is of no more use
 */
export async function keepUntilTold<Options>(
  start: (options: Options, giveUp: (why: string) => void) => Promise<Kept<unknown>>,
): Promise<void> {
  const end = async (code: number): Promise<void> => {
    await starting.then(
      (kept) => kept.stop(),
      () => undefined,
    )
    process.exit(code)
  }
  const giveUp = (why: string): void => {
    process.stderr.write(`${why}\n`)
    void end(1)
  }
  // Nobody may be there any more to hear it: the lifeline tells that.
  process.stdout.on('error', () => undefined)
  process.once('SIGTERM', () => void end(0))
  const starting = start(JSON.parse(process.argv[2]!) as Options, giveUp)
  try {
    process.stdout.write(`${JSON.stringify((await starting).facts)}\n`)
  } catch (error) {
    giveUp((error as Error).message)
  }
}
