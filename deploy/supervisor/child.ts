import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProcessLog } from './processLog.ts'

const restartMinMs = 100
const restartMaxMs = 5_000
const crashesMax = 10
const crashWindowMs = 60_000
const drainDeadlineMs = 20_000
const readyPollMs = 25
const readyTimeoutMs = 60_000
const lastLinesKept = 5
/** What a runtime prints below the message of an error that nobody caught. */
const crashTail = /^(\s+at |Node\.js v|\s*[\^}]?\s*$)/

export type ChildPlan = {
  name: string
  command: string
  args: readonly string[]
  env: Record<string, string>
  /** Answers 200 when the process does its work. */
  readyUrl?: string
  logFile: string
  /** Called as soon as a process that ended by itself has been reaped, before it is started again. */
  onReaped?: () => Promise<void>
  /** How long it then stays down, when not as short as can be. */
  restartAfterMs?: () => number
  /** Nobody waits for what it does: where processors are short, it gets less of them. */
  inBackground?: boolean
}

/** A third of the weight that a process has which somebody waits for. */
export const backgroundNiceness = 5

/** The process that `nice` becomes keeps its number; a niceness set later would not reach threads that run already. */
const commandOf = ({ command, args, inBackground }: ChildPlan): [string, ...string[]] =>
  inBackground ? ['nice', '-n', String(backgroundNiceness), command, ...args] : [command, ...args]

/** Told when a process ends again and again; says whether it is started once more. */
export type OnHopeless = (reason: string) => 'give up' | 'go on'

/** Keeps one process of the region running: starts it again when it dies, and ends it in order. */
export class Child {
  readonly plan: ChildPlan
  readonly #onHopeless: OnHopeless
  #process: ChildProcess | undefined
  readonly #log: ProcessLog
  #stopping = false
  #held = false
  /** Counts starts: what was decided about an earlier process is void. */
  #starts = 0
  #delayMs = restartMinMs
  #crashes: number[] = []
  #lastLines: string[] = []
  #exited: Promise<void> = Promise.resolve()

  constructor(plan: ChildPlan, onHopeless: OnHopeless) {
    this.plan = plan
    this.#onHopeless = onHopeless
    this.#log = new ProcessLog(plan.logFile)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Starts the process; `ready` waits for it. */
  start(): void {
    this.#starts++
    let child: ChildProcess
    try {
      child = this.#spawn()
    } catch (error) {
      this.#process = undefined
      this.#ended(error as Error)
      return
    }
    // One that could not be started has no number, and an error is all that is heard of it.
    this.#process = child.pid === undefined ? undefined : child
    child.stdout?.on('data', (chunk: Buffer) => this.#keep(chunk))
    child.stderr?.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#exited = new Promise((resolve) => {
      child.on('error', (error) => {
        if (child.pid !== undefined) return
        resolve()
        this.#ended(error)
      })
      child.once('exit', (code, signal) => {
        resolve()
        this.#ended(code === null ? `signal ${signal}` : `exit code ${code}`)
      })
    })
  }

  #spawn(): ChildProcess {
    const { env } = this.plan
    const [command, ...args] = commandOf(this.plan)
    // A group of its own: Ctrl-C reaches the supervisor alone, which ends its children in order.
    return spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  }

  #ended(how: string | Error): void {
    if (how instanceof Error) this.#lastLines.push(how.message)
    if (!this.#stopping && !this.#held) void this.#revive(how instanceof Error ? how.message : how)
  }

  #keep(chunk: Buffer): void {
    this.#log.write(chunk)
    const lines = chunk.toString().trimEnd().split('\n')
    this.#lastLines = [...this.#lastLines, ...lines.filter((line) => !crashTail.test(line))].slice(-lastLinesKept)
  }

  async #revive(how: string): Promise<void> {
    const died = this.#starts
    const now = performance.now()
    this.#crashes = [...this.#crashes.filter((at) => now - at < crashWindowMs), now]
    this.#log.write(`{"supervisor":"${this.plan.name} ended with ${how}"}\n`)
    if (this.#crashes.length > crashesMax) {
      const reason = `${this.plan.name} ended ${this.#crashes.length} times within a minute: ${this.lastLine}`
      this.#crashes = []
      if (this.#onHopeless(reason) === 'give up') return
    }
    await this.plan.onReaped?.().catch(() => undefined)
    const delayMs = Math.max(this.#delayMs, this.plan.restartAfterMs?.() ?? 0)
    await sleep(delayMs * (0.5 + Math.random()))
    this.#delayMs = this.#crashes.length === 1 ? restartMinMs : Math.min(this.#delayMs * 2, restartMaxMs)
    if (!this.#stopping && !this.#held && this.#starts === died) this.start()
  }

  /** kill -9, and it stays down until it is let go. */
  async hold(): Promise<void> {
    this.#held = true
    this.#process?.kill('SIGKILL')
    await this.#exited
  }

  release(): void {
    if (!this.#held || this.#stopping) return
    this.#held = false
    this.start()
  }

  get lastLine(): string {
    return this.#lastLines.at(-1)?.slice(0, 300) ?? 'it said nothing'
  }

  /** @throws Error with the process's last word when it does not get ready in time. */
  async ready(): Promise<void> {
    const { readyUrl, name } = this.plan
    if (readyUrl === undefined) return
    const deadlineMs = performance.now() + readyTimeoutMs
    let said = ''
    while (performance.now() < deadlineMs) {
      if (this.#stopping || this.#held) throw new Error(`${name} was stopped before it was ready`)
      const response = await fetch(readyUrl, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
      if (response?.ok) {
        await response.body?.cancel()
        return
      }
      said = (await response?.text().catch(() => '')) ?? ''
      await sleep(readyPollMs)
    }
    throw new Error(`${name} was not ready within ${readyTimeoutMs} ms: ${said.trim() || this.lastLine}`)
  }

  /** SIGTERM, then SIGKILL for what overstays its drain. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.running) {
      this.#process?.kill('SIGTERM')
      const overdue = setTimeout(() => this.#process?.kill('SIGKILL'), drainDeadlineMs)
      await this.#exited
      clearTimeout(overdue)
    }
    await this.#log.close()
  }

  kill(): void {
    this.#stopping = true
    this.#process?.kill('SIGKILL')
  }
}
