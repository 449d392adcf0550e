import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../deploy/freePort.ts'
import { type Client, createClient, newId, nodeExchange, principalSigner, signPayment } from '../../edge/client/node.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import type { TestWallet } from '../../edge/testEdge.ts'
import type { RegionFacts } from './regionFacts.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readyWithinMs = 90_000
const programTimeoutMs = 90_000
const killMsMax = 5_000
const flags = 'Deno' in globalThis ? ['run', '-A', '--quiet'] : ['--no-warnings']

/** What the supervisor tells of its region. */
type Facts = RegionFacts & {
  readonly caFile: string
  readonly institutionKeyFile: string
  readonly pids: Readonly<Record<string, number>>
}

export type SupervisedRegion = {
  readonly dataDir: string
  readonly client: Client
  readonly institution: RequestSigner
  readonly bankUrl: string
  readonly facts: Facts
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
}

/**
 * Starts a region as `npm start` does and waits until it is ready. A port that was free when it was chosen may be
 * another's when it is used: then it is started once more.
 */
export async function startSupervised(dataDir: string, args: readonly string[] = []): Promise<SupervisedRegion> {
  try {
    return await startOnce(dataDir, args)
  } catch (error) {
    if (!(error as Error).message.includes('EADDRINUSE')) throw error
    return startOnce(dataDir, args)
  }
}

async function startOnce(dataDir: string, args: readonly string[]): Promise<SupervisedRegion> {
  const program = join(root, 'deploy/supervisor/main.ts')
  const all = [...flags, program, '--data', dataDir, '--port', String(await freePort()), ...args]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const file = join(dataDir, 'run', 'region.json')
  const deadlineMs = performance.now() + readyWithinMs
  while (!existsSync(file)) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await end(child, {})
      throw new Error(`the region did not start: ${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  let facts = JSON.parse(readFileSync(file, 'utf8')) as Facts
  // A process that was started again has another number.
  const factsNow = (): Facts => {
    if (existsSync(file)) facts = JSON.parse(readFileSync(file, 'utf8'))
    return facts
  }
  return {
    dataDir,
    client: createClient(facts.edgeUrl, nodeExchange(facts.edgeUrl, readFileSync(facts.caFile))),
    institution: principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8')),
    bankUrl: facts.bankUrl,
    get facts() {
      return factsNow()
    },
    stop: () => end(child, factsNow().pids),
  }
}

async function end(child: ChildProcess, pids: Readonly<Record<string, number>>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await exited
  }
  // A supervisor that was cut short leaves its processes over; a test may not.
  for (const pid of Object.values(pids)) await killed(pid)
}

/** Ends a process at once and waits until it is gone. */
export async function killed(pid: number): Promise<void> {
  const deadlineMs = performance.now() + killMsMax
  while (performance.now() < deadlineMs) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Asks until it holds. @throws Error that says what did not come. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`it did not come to this: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export type Ended = { readonly code: number; readonly out: string; readonly err: string }

/** Runs `npx jiaozi` as a process. */
export function jiaozi(...args: string[]): Promise<Ended> {
  const run = [...flags, join(root, 'edge/cli/jiaozi.ts'), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, run, { timeout: programTimeoutMs }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err })
    })
  })
}

export type SentPayment = { readonly signed: ReturnType<typeof signPayment>; readonly answer: Record<string, unknown> }

/** Pays and waits for the answer; a request that was sent again under its id has the same one. */
export async function pay(
  { client }: Pick<SupervisedRegion, 'client'>,
  payer: TestWallet,
  payee: TestWallet,
  amount: string,
  order?: string,
): Promise<SentPayment> {
  const named = order === undefined ? {} : { order }
  const wallets = { payer_wallet: payer.walletId, payee_wallet: payee.walletId, ...named }
  const text = { payment_id: newId(), ...wallets, amount, currency: 'CNY-DC', timestamp: new Date().toISOString() }
  const signed = signPayment(text, payer.key)
  return { signed, answer: (await client.call(undefined, 'POST', '/v1/payments', signed)).body }
}

export type EntryText = { id: string; kind: string; amount: string; position: { shard: number; seq: number } }

/** Everything in a wallet's list, oldest first. */
export async function entriesOf(
  { client }: Pick<SupervisedRegion, 'client'>,
  wallet: TestWallet,
): Promise<EntryText[]> {
  const all: EntryText[] = []
  for (let cursor = ''; ; ) {
    const query = `limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`
    const { body } = await client.call(wallet.signer, 'GET', `/v1/wallets/${wallet.walletId}/entries?${query}`)
    all.push(...(body.entries as EntryText[]))
    if (body.next_cursor === null) return all.reverse()
    cursor = String(body.next_cursor)
  }
}

export const balanceOf = async ({ client }: Pick<SupervisedRegion, 'client'>, wallet: TestWallet): Promise<string> =>
  String((await client.call(wallet.signer, 'GET', `/v1/wallets/${wallet.walletId}`)).body.balance)

export const fenOf = (yuan: string): bigint => BigInt(yuan.replace('.', ''))
