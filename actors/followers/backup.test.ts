import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fund, openTestWallet, type TestWallet } from '../../edge/testEdge.ts'
import { replayTo } from '../log/replay.ts'
import { Replica } from '../log/replica.ts'
import { natsMissing } from '../log/restartableNats.ts'
import { openAuditedRegion } from './auditedRegion.ts'
import { type BackupManifest, readManifest } from './backupManifest.ts'
import { restore } from './restore.ts'
import {
  balanceOf,
  type EntryText,
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
const startMs = 240_000
const small = ['--shards', '2', '--workers', '1']
const sum = (amounts: readonly string[]): bigint => amounts.reduce((fen, amount) => fen + fenOf(amount), 0n)

/** What the region that was backed up knew at the cut. */
type Known = {
  wallets: TestWallet[]
  early: SentPayment
  late: SentPayment[]
  manifest: BackupManifest
  /** Fen by wallet number, from the log alone. */
  balances: Map<string, number>
  entries: Map<string, EntryText[]>
}

describe.skipIf(missing !== undefined)('a backup of a region that goes on paying', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-backup-'))
  const [first, second, dir, key] = ['first', 'second', 'backup', 'root.key'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ]
  const state = {} as { region: SupervisedRegion; known: Known }

  beforeAll(async () => {
    state.region = await startSupervised(first, small)
    state.known = await payAndBackUp(state.region, dir)
    await state.region.stop()
    copyFileSync(join(first, 'keys', 'root.key'), key)
    // The other machine has nothing of the first one.
    rmSync(first, { recursive: true })
  }, startMs)
  afterAll(async () => {
    await state.region?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, startMs)

  test('holds neither the root key nor a password in the clear', () => {
    const root = readFileSync(key)
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const bytes = readFileSync(join(entry.parentPath, entry.name))
      expect(entry.name).not.toBe('root.key')
      for (const form of [root, root.toString('hex'), root.toString('base64'), 'centralBank', 'PRIVATE KEY']) {
        expect(bytes.includes(form), entry.name).toBe(false)
      }
    }
  })

  test('is refused without the root key, with another one, and by a folder that is not empty', async () => {
    const empty = join(folder, 'empty')
    const without = await jiaozi('restore', dir, '--data', empty)
    expect(without).toMatchObject({ code: 1, err: expect.stringMatching(/^restore: [^\n]*root key[^\n]*\n$/) })
    const other = join(folder, 'other.key')
    writeFileSync(other, Buffer.alloc(32, 7), { mode: 0o600 })
    await expect(restore({ from: dir, dataDir: empty, rootKey: other })).rejects.toThrow(/^the root key [^\n]*$/)
    expect(readdirSync(folder)).not.toContain('empty')
    const full = join(folder, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'mine.txt'), 'mine')
    const refused = restore({ from: dir, dataDir: full, rootKey: key })
    await expect(refused).rejects.toThrow(`${full} is not empty: it holds mine.txt`)
    expect(readdirSync(full)).toEqual(['mine.txt'])
  }, 90_000)

  test('is refused when a file is damaged, missing or exchanged, and the file is named', async () => {
    const segment = readdirSync(join(dir, 'segments')).sort()[0]!
    const damage: [string, (copy: string) => void, RegExp][] = [
      ['a bit', (copy) => flip(join(copy, 'segments', segment)), new RegExp(`${segment} is damaged`)],
      ['a segment', (copy) => rmSync(join(copy, 'segments', segment)), new RegExp(`${segment} is missing`)],
      ['a list', (copy) => forgetFile(copy, `segments/${segment}`), /is not the manifest that was sealed/],
      ['a manifest', (copy) => rmSync(join(copy, 'manifest.json')), /holds no whole backup: manifest.json is missing/],
    ]
    for (const [what, harm, message] of damage) {
      const copy = join(folder, `copy of ${what}`)
      cpSync(dir, copy, { recursive: true })
      harm(copy)
      await expect(restore({ from: copy, dataDir: second, rootKey: key }), what).rejects.toThrow(message)
      expect(readdirSync(folder), what).not.toContain('second')
      expect(readdirSync(folder), what).not.toContain('second.restoring')
    }
  })

  test(
    'restores into an empty folder, and the region there is the one of the cut',
    async () => {
      const restored = await jiaozi('restore', dir, '--data', second, '--root-key', key)
      expect(restored).toMatchObject({ code: 0, err: '' })
      state.region = await startSupervised(second, small)
      const { known, region } = state
      const replicas = await replicasAt(second, known.manifest)
      expect(replicas.map((replica) => replica.ledger.state.digestText())).toEqual(
        known.manifest.shards.map(({ digest }) => digest),
      )
      expect(balancesIn(replicas)).toEqual(known.balances)
      const verified = await jiaozi('log', 'verify', '--data', second)
      expect(verified, verified.out).toMatchObject({ code: 0, err: '' })
      const total = sum(await Promise.all(known.wallets.map((wallet) => balanceOf(region, wallet))))
      expect(total).toBe(fenOf('2000.00'))
    },
    startMs,
  )

  test('lists hold after the restore what they held at the cut, rebuilt from the log', async () => {
    const { known, region } = state
    for (const wallet of known.wallets) {
      await until('the list is complete', () => listIsComplete(region, wallet))
      const entries = await entriesOf(region, wallet)
      expect(upTo(known.manifest, entries)).toEqual(known.entries.get(wallet.walletId))
      // What the cut held in transit arrived after the start: nothing else did.
      const sent = new Set([known.early, ...known.late].map(({ signed }) => signed.payment_id))
      for (const { id } of entries.slice(known.entries.get(wallet.walletId)!.length)) expect(sent).toContain(id)
    }
  }, 60_000)

  test('a payment of before the backup is answered as it was, and new ones go on behind the cut', async () => {
    const { known, region } = state
    const [payer, payee] = known.wallets as [TestWallet, TestWallet]
    const before = await balanceOf(region, payer)
    const again = await region.client.call(undefined, 'POST', '/v1/payments', known.early.signed)
    expect(again.body).toEqual(known.early.answer)
    expect(await balanceOf(region, payer)).toBe(before)
    const { answer } = await pay(region, payer, payee, '1.00')
    expect(answer.status).toBe('completed')
    const { shard, seq } = answer.position as { shard: number; seq: number }
    expect(seq).toBeGreaterThan(known.manifest.shards[shard]!.seq)
  })

  test(
    'the restored folder starts again as any other',
    async () => {
      const { known } = state
      await state.region.stop()
      state.region = await startSupervised(second, small)
      expect(sum(await Promise.all(known.wallets.map((wallet) => balanceOf(state.region, wallet))))).toBe(
        fenOf('2000.00'),
      )
    },
    startMs,
  )
})

const listIsComplete = async (region: SupervisedRegion, wallet: TestWallet): Promise<boolean> =>
  sum((await entriesOf(region, wallet)).map(({ amount }) => amount)) === fenOf(await balanceOf(region, wallet))

const upTo = ({ shards }: BackupManifest, entries: readonly EntryText[]): EntryText[] =>
  entries.filter(({ position }) => position.seq <= shards[position.shard]!.seq)

async function payAndBackUp(region: SupervisedRegion, dir: string): Promise<Known> {
  const wallets: TestWallet[] = []
  for (let n = 0; n < 6; n++) wallets.push(await openTestWallet(region))
  for (const wallet of wallets.slice(0, 2)) {
    await fund(region, wallet, '1000.00')
    await until('the wallet is funded', async () => (await balanceOf(region, wallet)) === '1000.00')
  }
  const early = await pay(region, wallets[0]!, wallets[1]!, '10.01')
  expect(early.answer.status).toBe('completed')

  const late: SentPayment[] = []
  let paying = true
  const streams = wallets.slice(0, 2).map(async (payer, n) => {
    for (let i = 0; paying; i++) late.push(await pay(region, payer, wallets[(n + 1 + (i % 5)) % 6]!, '0.07'))
  })
  await until('payments flow', () => late.length > 20)
  const before = late.length
  const done = await jiaozi('backup', dir, '--data', region.dataDir)
  expect(done, done.err).toMatchObject({ code: 0 })
  expect(late.length, 'payments went on meanwhile').toBeGreaterThan(before)
  paying = false
  await Promise.all(streams)
  const again = await jiaozi('backup', dir, '--data', region.dataDir)
  expect(again).toMatchObject({ code: 1, err: `backup: ${dir} is not empty\n` })

  const manifest = readManifest(dir)
  const balances = balancesIn(await replicasAt(region.dataDir, manifest))
  const entries = new Map<string, EntryText[]>()
  for (const wallet of wallets) {
    await until('the list is complete', () => listIsComplete(region, wallet))
    entries.set(wallet.walletId, upTo(manifest, await entriesOf(region, wallet)))
  }
  return { wallets, early, late, manifest, balances, entries }
}

/** Replicas that read the region's own logs from the first entry to the cut: no snapshot helps them. */
async function replicasAt(dataDir: string, { shards }: BackupManifest): Promise<Replica[]> {
  const { connection, logs, openers } = await openAuditedRegion(dataDir, 'test')
  try {
    const replicas: Replica[] = []
    for (const { shard, seq } of shards) {
      const replica = new Replica(shard, openers[shard]!)
      await replayTo(replica, logs[shard]!, seq)
      expect(replica.seq).toBe(seq)
      replicas.push(replica)
    }
    return replicas
  } finally {
    await connection.close()
  }
}

function balancesIn(replicas: readonly Replica[]): Map<string, number> {
  const balances = new Map<string, number>()
  for (const { ledger } of replicas) {
    const { wallets, accounts } = ledger.state
    for (let row = 0; row < wallets.count; row++) {
      balances.set(String(wallets.at.number[row]), accounts.balance(row))
    }
  }
  return balances
}

function flip(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(file, bytes)
}

function forgetFile(copy: string, name: string): void {
  const file = join(copy, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as BackupManifest
  rmSync(join(copy, name))
  writeFileSync(file, JSON.stringify({ ...manifest, files: manifest.files.filter((one) => one.name !== name) }))
}
