import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../deploy/freePort.ts'

const readyWithinMs = 20_000

/** A far side as a process of its own, which a test may kill and start again on the same data. */
export type FarSideProcess = {
  readonly url: string
  start(): Promise<void>
  /** SIGKILL, and the process is gone. */
  kill(): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
}

export type SandboxProcesses = {
  bank: FarSideProcess
  centralBank: FarSideProcess
  /** Secrets of the connector at either, hex. */
  bankSecret: string
  centralBankSecret: string
  /** Stops both and removes their data. */
  close(): Promise<void>
}

/** Starts a bank and a central bank on free ports with fresh data in a temporary folder, for tests. */
export async function startSandboxProcesses(): Promise<SandboxProcesses> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-sandbox-'))
  const [bankSecret, centralBankSecret, betweenBanks] = [secret(), secret(), secret()]
  const [bankPort, centralBankPort] = [await freePort(), await freePort()]
  const centralBankUrl = `http://127.0.0.1:${centralBankPort}`
  const centralBank = farSideProcess(dir, 'centralBankMain', {
    role: 'sandbox-central-bank',
    port: centralBankPort,
    dataFile: join(dir, 'centralBank.db'),
    secret: centralBankSecret,
    bankSecret: betweenBanks,
    logLevel: 'error',
  })
  const bank = farSideProcess(dir, 'bankMain', {
    role: 'sandbox-bank',
    port: bankPort,
    dataFile: join(dir, 'bank.db'),
    secret: bankSecret,
    centralBankUrl,
    centralBankSecret: betweenBanks,
    logLevel: 'error',
  })
  const close = async (): Promise<void> => {
    await Promise.all([bank.kill(), centralBank.kill()])
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await Promise.all([bank.start(), centralBank.start()])
  } catch (error) {
    await close()
    throw error
  }
  return { bank, centralBank, bankSecret, centralBankSecret, close }
}

function farSideProcess(
  dir: string,
  main: string,
  settings: { port: number; [name: string]: unknown },
): FarSideProcess {
  const settingsFile = join(dir, `${main}.json`)
  writeFileSync(settingsFile, JSON.stringify(settings), { mode: 0o600 })
  const url = `http://127.0.0.1:${settings.port}`
  const program = fileURLToPath(new URL(`./${main}.ts`, import.meta.url))
  const args = 'Deno' in globalThis ? ['run', '-A', program] : [program]
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return null
    const exited = once(ending, 'exit')
    // By number: Deno's handle forgets the exit code of a child that it has signalled itself.
    process.kill(ending.pid!, signal)
    const [code] = (await exited) as [number | null]
    return code
  }
  return {
    url,
    async start() {
      child = spawn(process.execPath, args, {
        env: { ...process.env, JIAOZI_SETTINGS: settingsFile },
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      await ready(url, child)
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
  }
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + readyWithinMs
  while (Date.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`a sandbox exited with ${child.exitCode} instead of starting`)
    const answered = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return
    await sleep(20)
  }
  throw new Error(`a sandbox was not ready within ${readyWithinMs} ms`)
}

function secret(): string {
  return randomBytes(32).toString('hex')
}
