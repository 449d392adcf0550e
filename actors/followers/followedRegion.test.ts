import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiProblem, createClient, nodeExchange } from '../../edge/client/node.ts'
import { fund, openTestWallet, type TestWallet } from '../../edge/testEdge.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { connectNats } from '../log/natsConnection.ts'
import type { Report } from '../log/report.ts'
import { natsMissing } from '../log/restartableNats.ts'
import type { LogBounds } from '../log/shardLog.ts'
import { logStreamName } from '../log/subjects.ts'
import { openDatabase } from './database.ts'
import {
  balanceOf,
  entriesOf,
  fenOf,
  jiaozi,
  pay,
  type SentPayment,
  type SupervisedRegion,
  startSupervised,
  until,
} from './supervisedRegion.fixture.ts'

const missing = await natsMissing()
const longMs = 240_000
const shards = [0, 1]
const startArgs = ['--shards', '2', '--workers', '1', '--snapshot-seconds', '1']

describe.skipIf(missing !== undefined)('a region that is followed', () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'jiaozi-followed-region-')), 'data')
  const sent: SentPayment[] = []
  let region: SupervisedRegion
  let payer: TestWallet
  let payee: TestWallet

  beforeAll(async () => {
    region = await startSupervised(dataDir, startArgs)
    payer = await openTestWallet(region)
    payee = await openTestWallet(region)
    await fund(region, payer, '1000.00')
    await until('the wallet is funded', async () => (await balanceOf(region, payer)) === '1000.00')
  }, longMs)
  afterAll(async () => {
    await region?.stop()
    rmSync(join(dataDir, '..'), { recursive: true, force: true })
  }, longMs)

  const payOften = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) sent.push(await pay(region, payer, payee, '0.03'))
  }

  /** Every list sums to its wallet's balance, and each payment stands in it once on either side. */
  const listsAreComplete = async (): Promise<void> => {
    for (const wallet of [payer, payee]) {
      const balance = fenOf(await balanceOf(region, wallet))
      await until('the list has caught up', async () => {
        const entries = await entriesOf(region, wallet)
        return entries.reduce((fen, { amount }) => fen + fenOf(amount), 0n) === balance
      })
      const ids = (await entriesOf(region, wallet)).filter(({ kind }) => kind.startsWith('payment')).map(({ id }) => id)
      expect(ids.toSorted()).toEqual(sent.map(({ signed }) => signed.payment_id).toSorted())
    }
  }

  const reconciled = async (): Promise<{ code: number; report: Report }> => {
    const { code, out } = await jiaozi('reconcile', '--json', '--data', dataDir)
    return { code, report: JSON.parse(out) as Report }
  }

  test(
    'pays and tells balances while Postgres stands still; lists say that they are away, and catch up',
    async () => {
      await payOften(5)
      await listsAreComplete()
      const { edgeUrl, caFile, pids } = region.facts
      const once = { triesMax: 1, timeoutMs: 12_000, pauseMinMs: 100, pauseMaxMs: 100 }
      const impatient = createClient(edgeUrl, nodeExchange(edgeUrl, readFileSync(caFile)), once)
      const wakeUp = standStill(pids.postgres!)
      try {
        await payOften(20)
        expect(sent.at(-1)!.answer.status).toBe('completed')
        expect(fenOf(await balanceOf(region, payer))).toBe(BigInt(100_000 - 3 * sent.length))
        const list = impatient.call(payer.signer, 'GET', `/v1/wallets/${payer.walletId}/entries`)
        const problem = await list.then(undefined, (error: unknown) => (error as ApiProblem).problem)
        expect(problem).toMatchObject({ reason: 'journal-unavailable', followed: { seq: expect.any(Number) } })
        await payOften(5)
      } finally {
        wakeUp()
      }
      await listsAreComplete()
      const { body } = await region.client.call(payer.signer, 'GET', `/v1/wallets/${payer.walletId}/entries`)
      const last = sent.at(-1)!.answer.position as { shard: number; seq: number }
      expect((body.followed as { seq: number }).seq).toBeGreaterThanOrEqual(last.seq)
    },
    longMs,
  )

  test(
    'misses nothing and writes nothing twice when its projector is killed under load',
    async () => {
      for (let n = 0; n < 2; n++) {
        const { projector } = region.facts.pids
        const paying = payOften(30)
        process.kill(projector!, 'SIGKILL')
        await paying
        await until('the projector is started again', () => region.facts.pids.projector !== projector)
      }
      await listsAreComplete()
    },
    longMs,
  )

  test(
    'trims its logs behind archive, snapshots and database, and only the archiver may',
    async () => {
      const settingsFile = join(dataDir, 'run', 'archiver.json')
      const settings = JSON.parse(readFileSync(settingsFile, 'utf8'))
      const eager = { segmentAgeMsMax: 200, logBytesKept: 0, trimEveryMs: 300 }
      writeFileSync(settingsFile, JSON.stringify({ ...settings, ...eager }))
      process.kill(region.facts.pids.archiver!, 'SIGKILL')
      // A shard in which nothing happens takes no second snapshot, and its log stays as it is.
      const trimmed = async (): Promise<boolean> => {
        await payOften(2)
        return (await boundsOf(region)).some(({ first }) => first > 1)
      }
      await until('a log is trimmed', trimmed, 120_000)
      const { nats } = region.facts
      const connection = await connectNats(nats, { name: 'test', inboxPrefix: `_INBOX.${nats.user}` })
      try {
        const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 })
        await expect(manager.streams.purge(logStreamName('a', 0), { seq: 2 })).rejects.toThrow()
      } finally {
        await connection.close()
      }
      await listsAreComplete()
      const verified = await jiaozi('log', 'verify', '--data', dataDir)
      expect(verified, verified.out).toMatchObject({ code: 0 })
      for (const line of verified.out.trim().split('\n')) expect(line).toMatch(/ {2}1 to \d+ .* whole; \d noted/)
    },
    longMs,
  )

  test(
    'shows its frames, those that only the archive holds among them',
    async () => {
      // Where a user lives is drawn: one of the shards may have no more than its first frame.
      const shard = (await boundsOf(region)).findIndex(({ last }) => last >= 3)
      const which = ['--shard', String(shard), '--count', '3']
      const shown = await jiaozi('log', 'cat', ...which, '--json', '--data', dataDir)
      const frames = shown.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(frames.map(({ seq }) => seq)).toEqual([1, 2, 3])
      expect(frames[0]).toMatchObject({ kind: 'commands', subject: `cmd.a.${shard}.op` })
      expect(frames[0].body.records[0]).toMatchObject({ command: 'genesis', shardCount: 2, hashKey: '(secret)' })
      const refused = await jiaozi('log', 'cat', '--shard', '9', '--data', dataDir)
      expect(refused).toMatchObject({ code: 1, err: 'log: --shard must be a whole number from 0 to 1, not "9"\n' })
    },
    longMs,
  )

  test(
    'starts anew with trimmed logs: shards from snapshots, an empty Postgres from the archive',
    async () => {
      const balances = await Promise.all([payer, payee].map((wallet) => balanceOf(region, wallet)))
      await region.stop()
      rmSync(join(dataDir, 'postgres'), { recursive: true })
      rmSync(join(dataDir, 'projector'), { recursive: true })
      region = await startSupervised(dataDir, startArgs)
      expect(await Promise.all([payer, payee].map((wallet) => balanceOf(region, wallet)))).toEqual(balances)
      await payOften(3)
      await listsAreComplete()
    },
    longMs,
  )

  test(
    'is reconciled to the fen; a recharge that no bank knows and a changed journal are found',
    async () => {
      const whole = await reconciled()
      expect(whole.report.figures, whole.report.notes.join()).toMatchObject({
        'difference.fen': 0,
        'wallets.compared': 2,
        'wallets.differing': 0,
        'issued.fen': 100_000,
        'central_bank.issued.fen': 100_000,
      })
      expect(whole).toMatchObject({ code: 0, report: { verdict: 'pass' } })
      const sql = openDatabase(region.facts.databaseUrl, 'test', 1)
      try {
        // A recharge that the region says it settled, and no bank has heard of.
        await sql`
          insert into sagas select wallet, ${new Uint8Array(16)}, kind, institution, 700, step, reason, balance_after_fen,
            shard, seq, requested_ms, changed_ms from sagas`
        const unheard = await reconciled()
        expect(unheard).toMatchObject({ code: 1, report: { verdict: 'fail' } })
        expect(unheard.report.figures).toMatchObject({ 'sagas.unexplained': 1, 'wallets.differing': 0 })
        expect(unheard.report.figures['difference.fen']).toBeGreaterThan(0)
        const cases = await sql<{ fen: bigint }[]>`select difference_fen as fen from review_cases`
        expect(cases.map(({ fen }) => Number(fen))).toEqual([unheard.report.figures['difference.fen']])
        await sql`delete from sagas where amount_fen = 700`

        await sql`update entries set delta_fen = delta_fen + 1 where ctid in (select ctid from entries limit 1)`
        const changed = await reconciled()
        expect(changed).toMatchObject({ code: 1, report: { verdict: 'fail' } })
        const figures = { 'difference.fen': 0, 'wallets.differing': 1, 'wallets.differing.fen': 1 }
        expect(changed.report.figures).toMatchObject(figures)
        expect(await sql`select 1 from review_cases`).toHaveLength(2)
        expect(changed.report.notes.join()).toMatch(/journal sums to/)
      } finally {
        await sql.end()
      }
    },
    longMs,
  )
})

/** What the region's server itself holds of each log. */
async function boundsOf({ facts: { nats } }: SupervisedRegion): Promise<LogBounds[]> {
  const connection = await connectNats(nats, { name: 'test', inboxPrefix: `_INBOX.${nats.user}` })
  try {
    return await Promise.all(shards.map(async (shard) => (await openJetStreamLog(connection, 'a', shard)).bounds()))
  } finally {
    await connection.close()
  }
}

/** Stops a server with all its processes in the middle of what they do. @returns how to let them go on. */
function standStill(server: number): () => void {
  const parentOf = (pid: string): number => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    } catch {
      return 0
    }
  }
  process.kill(server, 'SIGSTOP')
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === server)
  const all = [server, ...children.map(Number)]
  for (const pid of all) process.kill(pid, 'SIGSTOP')
  return () => {
    for (const pid of all) process.kill(pid, 'SIGCONT')
  }
}
