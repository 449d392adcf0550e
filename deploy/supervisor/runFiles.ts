import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart, writeDurably } from './dataFolder.ts'

type PidFile = Record<string, { pid: number; start: string }>

const endedPollMs = 20

/** What a running region writes about itself into its data folder. */
export class RunFiles {
  readonly #pidsFile: string
  readonly #factsFile: string
  readonly #trouble: (line: string) => void
  #pidsWritten = ''
  #factsWritten = ''
  /** Why something cannot be written now; empty while it can. */
  #failing = ''

  /**
   * @param facts name of the file with the facts: of a region, or of two together
   * @param trouble told once why something cannot be written
   */
  constructor(dataDir: string, facts: 'region.json' | 'installation.json', trouble: (line: string) => void) {
    this.#pidsFile = join(dataDir, 'run', 'pids.json')
    this.#factsFile = join(dataDir, 'run', facts)
    this.#trouble = trouble
  }

  /** For the next start, should this one be killed: numbers with the kernel's start times. */
  writePids(pids: Record<string, number>): void {
    const entries = Object.entries(pids).map(([name, pid]) => [name, { pid, start: processStart(pid) ?? '' }])
    const text = JSON.stringify(Object.fromEntries(entries))
    if (text === this.#pidsWritten) return
    if (this.#written(this.#pidsFile, text)) this.#pidsWritten = text
  }

  /** For tools on the same machine. */
  writeFacts(facts: Record<string, unknown>): void {
    const text = JSON.stringify(facts, null, 2)
    if (text === this.#factsWritten) return
    if (this.#written(this.#factsFile, text)) this.#factsWritten = text
  }

  /** What a full disk does not take is written at a later look: everything else runs on meanwhile. */
  #written(file: string, text: string): boolean {
    try {
      writeDurably(file, text)
      this.#failing = ''
      return true
    } catch (error) {
      const why = (error as Error).message
      if (why !== this.#failing) this.#trouble(`what runs cannot be written down: ${why}`)
      this.#failing = why
      return false
    }
  }

  forgetFacts(): void {
    rmSync(this.#factsFile, { force: true })
  }

  forgetPids(): void {
    rmSync(this.#pidsFile, { force: true })
  }

  /** Ends what a killed supervisor left behind. */
  async endLeftovers(): Promise<void> {
    this.forgetFacts()
    if (!existsSync(this.#pidsFile)) return
    const left = JSON.parse(readFileSync(this.#pidsFile, 'utf8')) as PidFile
    const alive = Object.values(left).filter(({ pid, start }) => start !== '' && processStart(pid) === start)
    for (const { pid } of alive) process.kill(pid, 'SIGKILL')
    while (alive.some(({ pid, start }) => processStart(pid) === start)) await sleep(endedPollMs)
    this.forgetPids()
  }
}
