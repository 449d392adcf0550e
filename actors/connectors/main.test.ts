import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../deploy/freePort.ts'
import { renderNatsConfig } from '../../deploy/natsConfig.ts'
import { parseCommandId } from '../ledger/ids.ts'
import { readRecord } from '../ledger/layout.ts'
import { commandRecords, rechargeSteps } from '../ledger/records.ts'
import { sealAccount, sealBankToken } from '../log/accountSealing.ts'
import { createBlobs } from '../log/blobs.ts'
import type { Effect } from '../log/effects.ts'
import { createKeyRing } from '../log/fileKeyRing.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { encodeJson } from '../log/jsonBytes.ts'
import type { KeyRing } from '../log/keyRing.ts'
import { ensureLogStream } from '../log/logStreams.ts'
import { connectNats } from '../log/natsConnection.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from '../log/restartableNats.ts'
import { createOpener } from '../log/sealing.ts'
import { effectsSubject } from '../log/subjects.ts'
import { type SandboxProcesses, startSandboxProcesses } from './sandbox/sandboxProcesses.fixture.ts'
import { booksOf, openAccount, type TestAccount } from './sandbox/sandboxRequests.fixture.ts'

const missing = await natsMissing()
const users = (['admin', 'worker', 'connector'] as const).map((role) => {
  return { role, user: role, password: `${role} password`, id: '1' }
})
const walletNumber = 4_096 * 256

describe.skipIf(missing !== undefined)(`the connector process ${missing ?? ''}`, () => {
  let nats: RestartableNats
  let sandbox: SandboxProcesses
  let dir: string
  let ring: KeyRing
  let connector: ChildProcess
  let settings: Record<string, unknown>
  let asWorker: NatsConnection
  let account: TestAccount
  let serial = 0
  const steps: { subject: string; id: string; step: number }[] = []

  function startConnector(): void {
    const program = fileURLToPath(new URL('./main.ts', import.meta.url))
    const args = 'Deno' in globalThis ? ['run', '-A', program] : [program]
    const env = { ...process.env, JIAOZI_SETTINGS: join(dir, 'connector.json') }
    connector = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }

  async function connect(user: string): Promise<NatsConnection> {
    const access = { url: nats.url, user, password: `${user} password` }
    return connectNats(access, { name: user, inboxPrefix: `_INBOX.${user}` })
  }

  async function followLog(): Promise<void> {
    const opener = createOpener(ring, { shard: 0 })
    const log = await openJetStreamLog(asWorker, 'a', 0)
    log.follow(1, ({ subject, data }) => {
      const { header, body } = opener.open(data)
      const view = new DataView(body.buffer, body.byteOffset, body.length)
      for (let i = 0; i < header.count; i++) {
        const { id, step } = readRecord(commandRecords.rechargeStep, view, i * commandRecords.rechargeStep.size)
        steps.push({ subject, id: Buffer.from(id).toString('hex'), step })
      }
    })
  }

  beforeAll(async () => {
    const render = ({ dir: place, port, monitorPort }: { dir: string; port: number; monitorPort: number }): string =>
      renderNatsConfig({
        region: 'a',
        shardCount: 1,
        host: '127.0.0.1',
        port,
        monitorPort,
        storeDir: join(place, 'jetstream'),
        storeBytesMax: 1_000_000_000,
        users,
      })
    ;[nats, sandbox] = await Promise.all([startRestartableNats(render), startSandboxProcesses()])
    dir = mkdtempSync(join(tmpdir(), 'jiaozi-connector-'))
    ring = createKeyRing(join(dir, 'keys'), { shardCount: 1 })
    const admin = await connect('admin')
    await ensureLogStream(admin, 'a', 0, { bytesMax: 100_000_000 })
    await admin.close()
    asWorker = await connect('worker')
    await followLog()
    settings = {
      role: 'connector',
      region: 'a',
      shardCount: 1,
      connectorId: '1',
      statusPort: await freePort(),
      keysDir: join(dir, 'keys'),
      nats: { url: nats.url, monitorUrl: nats.monitorUrl, user: 'connector', password: 'connector password' },
      bankUrl: sandbox.bank.url,
      centralBankUrl: sandbox.centralBank.url,
      bankSecret: sandbox.bankSecret,
      centralBankSecret: sandbox.centralBankSecret,
      logLevel: 'info',
    }
    writeFileSync(join(dir, 'connector.json'), JSON.stringify(settings))
    account = await openAccount(sandbox, 1_000_000n)
    startConnector()
  })

  afterAll(async () => {
    connector?.kill('SIGKILL')
    await asWorker?.close()
    await sandbox?.close()
    await nats?.stop()
    if (dir) rmSync(dir, { recursive: true, force: true })
  })

  function newRecharge(): Effect {
    const txId = `R20261124${++serial}`
    const blobs = createBlobs(ring)
    return {
      saga: 'recharge',
      shard: 0,
      walletNumber,
      institution: 1,
      amountFen: '1000',
      txId,
      id: parseCommandId(txId)!,
      step: rechargeSteps.requested,
      sealedAccount: sealAccount(blobs, walletNumber, account.accountNo),
      sealedToken: sealBankToken(blobs, walletNumber, txId, account.authToken),
    }
  }

  /** Shows the effect as a host does, until its answer is in the log. */
  async function untilAnswered(effect: Effect): Promise<{ subject: string; step: number }[]> {
    const id = Buffer.from(effect.id).toString('hex')
    for (;;) {
      const found = steps.filter((step) => step.id === id)
      if (found.length > 0) return found
      asWorker.publish(effectsSubject('a', 0), encodeJson(effect))
      await sleep(100)
    }
  }

  test('answers a shown effect in the log of its shard, under its own subject and with no more rights than its own', async () => {
    const answered = await untilAnswered(newRecharge())
    expect(answered[0]).toMatchObject({ subject: 'cmd.a.0.connector.1', step: rechargeSteps.settled })
    expect((await booksOf(sandbox)).issued).toBe(1_000n)
  })

  test('goes on after kill -9 with what is shown to it, and debits nobody twice', async () => {
    const effects = Array.from({ length: 20 }, newRecharge)
    const answers = effects.map(untilAnswered)
    await sleep(30)
    connector.kill('SIGKILL')
    await once(connector, 'exit')
    startConnector()
    for (const answered of await Promise.all(answers)) expect(answered[0]!.step).toBe(rechargeSteps.settled)
    const books = await booksOf(sandbox)
    expect([books.issued, books.customers]).toEqual([21_000n, 1_000_000n - 21_000n])
  })

  test('goes on after kill -9 of the message server', async () => {
    await nats.kill()
    await nats.start()
    const answered = await untilAnswered(newRecharge())
    expect(answered[0]!.step).toBe(rechargeSteps.settled)
  })

  test('goes on when what it hears makes no sense', async () => {
    asWorker.publish(effectsSubject('a', 0), new TextEncoder().encode('not JSON'))
    asWorker.publish(effectsSubject('a', 0), encodeJson({ ...newRecharge(), amountFen: '-5' }))
    const foreign = { ...newRecharge(), walletNumber: walletNumber + 1 }
    asWorker.publish(effectsSubject('a', 0), encodeJson(foreign))
    const before = await booksOf(sandbox)
    expect((await untilAnswered(newRecharge()))[0]!.step).toBe(rechargeSteps.settled)
    expect((await booksOf(sandbox)).issued).toBe(before.issued + 1_000n)
  })

  test('counts what it did, names nobody, and ends in order', async () => {
    const url = `http://127.0.0.1:${settings.statusPort}`
    const ready = await fetch(`${url}/readyz`)
    expect(await ready.json()).toEqual({ ready: true, bank: true, centralBank: true })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/jiaozi_connector_outcomes_total\{operation="issue",outcome="done"\} [1-9]/)
    expect(metrics).not.toContain(account.accountNo)
    const exited = once(connector, 'exit')
    // By number: Deno's handle forgets the exit code of a child that it has signalled itself.
    process.kill(connector.pid!, 'SIGTERM')
    expect((await exited)[0]).toBe(0)
  })
})
