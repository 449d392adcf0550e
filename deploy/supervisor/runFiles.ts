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
  #pidsWritten = ''
  #factsWritten = ''

  /** @param facts name of the file with the facts: of a region, or of two together */
  constructor(dataDir: string, facts: 'region.json' | 'installation.json' = 'region.json') {
    this.#pidsFile = join(dataDir, 'run', 'pids.json')
    this.#factsFile = join(dataDir, 'run', facts)
  }

  /** For the next start, should this one be killed: numbers with the kernel's start times. */
  writePids(pids: Record<string, number>): void {
    const entries = Object.entries(pids).map(([name, pid]) => [name, { pid, start: processStart(pid) ?? '' }])
    const text = JSON.stringify(Object.fromEntries(entries))
    if (text === this.#pidsWritten) return
    writeDurably(this.#pidsFile, text)
    this.#pidsWritten = text
  }

  /** For tools on the same machine. */
  writeFacts(facts: Record<string, unknown>): void {
    const text = JSON.stringify(facts, null, 2)
    if (text === this.#factsWritten) return
    writeDurably(this.#factsFile, text)
    this.#factsWritten = text
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
