import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { startTestEdge, type TestEdge } from '../testEdge.ts'
import type { Principal } from '../testRegion.ts'
import { exitCodes } from './exitCodes.ts'

const program = fileURLToPath(new URL('jiaozi.ts', import.meta.url))
const commandTimeoutMs = 60_000
const state = {} as { edge: TestEdge; data: string; payer: string; payee: string }

beforeAll(async () => {
  state.edge = await startTestEdge({ banks: true })
  state.data = state.edge.region.dir
  writeFacts(state.edge)
  state.payer = String((await json('wallet', 'open', '--class', '2')).body.wallet_id)
  state.payee = String((await json('wallet', 'open', '--kind', 'merchant')).body.wallet_id)
}, 120_000)
afterAll(() => state.edge?.close())

/** What `npm start` writes about a region, for the region of this test. */
function writeFacts({ region, url, ca, bankUrl }: TestEdge): void {
  const dir = join(region.dir, 'run')
  mkdirSync(dir)
  const file = (name: string, contents: string): string => {
    writeFileSync(join(dir, name), contents, { mode: 0o600 })
    return join(dir, name)
  }
  const pem = ({ privateKey }: Principal): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const facts = {
    region: 'a',
    shardCount: region.shardCount,
    edgeUrl: url,
    caFile: file('ca.pem', ca),
    operatorKeyFile: file('operator.pem', pem(region.operator)),
    institutionKeyFile: file('institution.pem', pem(region.institution)),
    keysDir: region.keysDir,
    bankUrl,
  }
  file('region.json', JSON.stringify(facts))
}

type Ended = { code: number; out: string; err: string }

/** Runs the program as a person does: a process of its own. */
function jiaozi(...args: string[]): Promise<Ended> {
  const flags = 'Deno' in globalThis ? ['run', '-A', '--quiet'] : ['--no-warnings']
  return new Promise((resolve) => {
    const run = [...flags, program, ...args, '--data', state.data]
    execFile(process.execPath, run, { timeout: commandTimeoutMs }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err })
    })
  })
}

async function json(...args: string[]): Promise<Ended & { body: Record<string, unknown> }> {
  const ended = await jiaozi(...args, '--json')
  if (ended.out === '') throw new Error(`no answer (${ended.code}): ${ended.err}`)
  return { ...ended, body: JSON.parse(ended.out) as Record<string, unknown> }
}

const balanceOf = async (walletId: string): Promise<unknown> => (await json('wallet', 'show', walletId)).body.balance

describe('from an account at the bank to a merchant and back', () => {
  test('an account is linked, shown masked, and recharges the wallet', async () => {
    const linked = await jiaozi('link', state.payer, '--sandbox-balance', '1000')
    expect(linked.code).toBe(exitCodes.ok)
    expect(linked.out).toMatch(/\d{6}\*{6}\d{4}/)
    const recharged = await json('recharge', state.payer, '500.50', '--wait-ms', '30000')
    expect(recharged.body).toMatchObject({ status: 'completed', amount: '500.50', balance: '500.50' })
    expect(recharged.code).toBe(exitCodes.ok)
    const shown = await json('saga', 'show', state.payer, String(recharged.body.tx_id))
    expect(shown.body).toEqual(recharged.body)
  })

  test('what the bank refuses ends with 1 and leaves the wallet as it was', async () => {
    const { code, body } = await json('recharge', state.payer, '600', '--wait-ms', '30000')
    expect(code).toBe(exitCodes.refused)
    expect(body).toMatchObject({ code: 'INSUFFICIENT_BALANCE', reason: 'linked-account-funds-insufficient' })
    expect(await balanceOf(state.payer)).toBe('500.50')
  })

  test('a payment is made once however often it is asked for, and shown', async () => {
    const id = newId()
    const pay = ['pay', state.payer, state.payee, '100.5', '--payment-id', id]
    const first = await json(...pay)
    expect(first.code).toBe(exitCodes.ok)
    expect(first.err).toContain(`payment ${id}`)
    expect(first.body).toMatchObject({ payment_id: id, status: 'completed' })
    const again = await json(...pay)
    expect(again.body).toEqual(first.body)
    expect(await balanceOf(state.payer)).toBe('400.00')
    expect(await balanceOf(state.payee)).toBe('100.50')
    const shown = await json('payment', 'show', id, '--wallet', state.payer)
    expect(shown.body).toEqual(first.body)
    expect((await jiaozi('payment', 'show', id, '--wallet', state.payer)).out).toMatch(/^status +completed$/m)
  })

  test('an order is paid once, and shown as paid; the journal lists it', async () => {
    const { payer, payee } = state
    const expiresAt = new Date(Date.now() + 600_000).toISOString()
    const create = ['order', 'create', payee, 'T-1', '2.5', '--expires-at', expiresAt, '--description', 'tea']
    const made = await json(...create)
    expect(made.body).toMatchObject({ order_no: 'T-1', status: 'created', amount: '2.50', description: 'tea' })
    const picture = join(state.data, 'order.png')
    const qr = await json('order', 'qr', payee, 'T-1', '--out', picture)
    expect(qr.body).toMatchObject({ url: expect.stringMatching(/^https:.*\/pay\/[\w-]+$/), file: picture })
    expect(readFileSync(picture).toString('latin1', 1, 4)).toBe('PNG')
    expect((await json(...create)).body).toEqual(made.body)
    const id = newId()
    expect((await json('pay', payer, payee, '2.5', '--order', 'T-1', '--payment-id', id)).code).toBe(exitCodes.ok)
    const second = await json('pay', payer, payee, '2.5', '--order', 'T-1')
    expect(second).toMatchObject({ code: exitCodes.refused, body: { reason: 'order-paid' } })
    const shown = await json('order', 'show', payee, 'T-1')
    expect(shown.body).toMatchObject({ status: 'paid', payer_wallet: payer, payment_id: id })
    expect(await json('order', 'close', payee, 'T-1')).toMatchObject({ code: exitCodes.refused })
    const part = await json('refund', payee, 'T-1', '1')
    expect(part).toMatchObject({ code: exitCodes.ok, body: { status: 'completed', amount: '1.00' } })
    expect(await json('refund', payee, 'T-1', '1.51')).toMatchObject({ code: exitCodes.refused })
    expect((await json('refund', payee, 'T-1', '1.5')).code).toBe(exitCodes.ok)
    expect((await json('order', 'show', payee, 'T-1')).body).toMatchObject({ status: 'refunded', refunded: '2.50' })
  })

  test('a merchant’s till sells, refunds up to its limit, and is put out', async () => {
    const { payer, payee } = state
    const put = ['merchant', 'users', 'put', payee, '2', '--role', 'refunder', '--limit', '1']
    const entered = await json(...put, '--label', 'Till 2')
    expect(entered.body).toMatchObject({ user_no: 2, version: 1, keyid: `${payee}/users/2`, refund_limit: '1.00' })
    const expiresAt = new Date(Date.now() + 600_000).toISOString()
    const asTill = ['--as', 'user:2']
    const made = await json('order', 'create', payee, 'U-1', '2.5', '--expires-at', expiresAt, ...asTill)
    expect(made.body).toMatchObject({ status: 'created', by: { user_no: 2, version: 1 } })
    expect((await jiaozi('order', 'show', payee, 'U-1')).out).toMatch(/^made by +sub-user 2, version 1$/m)
    expect((await json('pay', payer, payee, '2.5', '--order', 'U-1')).code).toBe(exitCodes.ok)
    const above = await json('refund', payee, 'U-1', '1.01', ...asTill)
    expect(above).toMatchObject({ code: exitCodes.refused, body: { reason: 'merchant-user-limit' } })
    expect((await json('refund', payee, 'U-1', '1', ...asTill)).body).toMatchObject({ status: 'completed' })
    const profile = await json('merchant', 'show', payee, ...asTill)
    expect(profile).toMatchObject({ code: exitCodes.refused, body: { reason: 'not-allowed' } })
    const listed = await jiaozi('merchant', 'users', 'list', payee)
    expect(listed.out).toMatch(/^ +2 +1 +refunder +1\.00 /m)
    expect(await json('merchant', 'users', 'remove', payee, '2')).toMatchObject({ body: { status: 'removed' } })
    const gone = await jiaozi('order', 'show', payee, 'U-1', ...asTill)
    expect([gone.code, gone.err]).toEqual([exitCodes.badInput, expect.stringContaining(`the key of ${payee}/users/2`)])
    // What is left of it goes back, so that the balances of the others' tales stay as they are.
    expect((await json('refund', payee, 'U-1', '1.5')).code).toBe(exitCodes.ok)
  })

  test('money is held for a payee, taken in part and given up', async () => {
    const { payer, payee } = state
    const placed = await json('hold', 'place', payer, payee, '3')
    expect(placed).toMatchObject({ code: exitCodes.ok, body: { status: 'held', amount: '3.00' } })
    const id = String(placed.body.hold_id)
    const taken = await json('hold', 'capture', payer, id, '1', '--payee', payee)
    expect(taken).toMatchObject({ code: exitCodes.ok, body: { status: 'completed' } })
    const over = await json('hold', 'capture', payer, id, '2.01')
    expect(over).toMatchObject({ code: exitCodes.refused, body: { reason: 'hold-exceeded' } })
    expect((await json('hold', 'void', payer, id)).body).toMatchObject({ status: 'voided', captured: '1.00' })
    expect((await json('hold', 'show', payer, id)).body).toMatchObject({ status: 'voided' })
    expect((await json('pay', payee, payer, '1')).code).toBe(exitCodes.ok)
  })

  test('a mandate is collected by its payee and cancelled by its payer', async () => {
    const { payer, payee } = state
    const given = await json('mandate', 'allow', payer, payee, '2', '--purpose', 'Rent')
    expect(given).toMatchObject({ code: exitCodes.ok, body: { status: 'active', period_amount: '2.00' } })
    const id = String(given.body.mandate_id)
    const taken = await json('mandate', 'collect', payer, id, '1.50', '--payee', payee)
    expect(taken).toMatchObject({ code: exitCodes.ok, body: { status: 'completed' } })
    const over = await json('mandate', 'collect', payer, id, '0.51')
    expect(over).toMatchObject({ code: exitCodes.refused, body: { reason: 'mandate-exceeded' } })
    expect((await json('mandate', 'cancel', payer, id)).body).toMatchObject({ status: 'cancelled', taken: '1.50' })
    expect((await json('mandate', 'show', payer, id)).body).toMatchObject({ status: 'cancelled' })
    const first = new Date(Date.now() + 86_400_000).toISOString()
    const told = await json('mandate', 'schedule', payer, payee, '1', '--first-at', first, '--period', 'once')
    expect(told).toMatchObject({ code: exitCodes.ok, body: { kind: 'schedule', next_at: first } })
    // The list comes from the journal, of which this region has none.
    const listed = await jiaozi('mandate', 'list-for', payee, '--status', 'active', '--tries', '1')
    expect([listed.code, listed.err]).toEqual([exitCodes.failed, expect.stringContaining('JOURNAL_UNAVAILABLE')])
    expect((await json('pay', payee, payer, '1.50')).code).toBe(exitCodes.ok)
  })

  test('the same id for another amount is refused', async () => {
    const id = newId()
    expect((await jiaozi('pay', state.payer, state.payee, '1', '--payment-id', id)).code).toBe(exitCodes.ok)
    const { code, body } = await json('pay', state.payer, state.payee, '2', '--payment-id', id)
    expect(code).toBe(exitCodes.refused)
    expect(body).toMatchObject({ reason: 'id-reused' })
    expect(await balanceOf(state.payee)).toBe('101.50')
  })

  test('a payroll and an acquirer’s day are batches, paid once each, a bad record among good ones', async () => {
    const file = join(state.data, 'payroll.csv')
    writeFileSync(file, `payee_wallet,amount\n${state.payee},1.50\n${state.payer},1.00\n${state.payee},2.50\n`)
    const id = newId()
    const payroll = ['batch', file, '--payer', state.payer, '--authorisation', '17', '--batch-id', id]
    const first = await json(...payroll)
    expect([first.code, first.body.status]).toEqual([exitCodes.refused, 'partly_refused'])
    expect(first.body).toMatchObject({ count: 3, completed: 2, refused: 1 })
    expect((await json(...payroll)).body).toEqual(first.body)
    expect((await jiaozi(...payroll)).out).toMatch(/^ +1 +refused +/m)
    const lines = [{ payer_wallet: state.payee, amount: '4.00', authorisation: 3 }]
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
    const day = await json('batch', file, '--payee', state.payer)
    expect([day.code, day.body.status]).toEqual([exitCodes.ok, 'completed'])
    writeFileSync(file, 'payee,amount\n')
    expect((await jiaozi('batch', file)).code).toBe(exitCodes.badInput)
    expect([await balanceOf(state.payer), await balanceOf(state.payee)]).toEqual(['399.00', '101.50'])
  })

  test('what is left is redeemed into the account', async () => {
    const { code, body } = await json('redeem', state.payer, '99.00', '--wait-ms', '30000')
    expect(code).toBe(exitCodes.ok)
    expect(body).toMatchObject({ status: 'completed', balance: '300.00' })
    const shown = await json('saga', 'show', state.payer, String(body.tx_id), '--redemption')
    expect(shown.body).toEqual(body)
  })
})

describe('refusals, bad input and what is away', () => {
  test('more than the wallet holds ends with 1, the reason in words and as a code', async () => {
    const { code, out, err } = await jiaozi('pay', state.payee, state.payer, '4000')
    expect(code).toBe(exitCodes.refused)
    expect(out).toBe('')
    expect(err).toContain('(INSUFFICIENT_BALANCE)')
  })

  test('a wallet that is not there ends with 1', async () => {
    expect((await jiaozi('wallet', 'show', 'W1')).code).toBe(exitCodes.refused)
  })

  test('bad input ends with 2', async () => {
    expect((await jiaozi('pay', state.payer, state.payee, '0.001')).code).toBe(exitCodes.badInput)
    expect((await jiaozi('wallet', 'open', '--class', 'one')).code).toBe(exitCodes.badInput)
  })

  test('lists end with 4 while the journal is away', async () => {
    const { code, err } = await jiaozi('wallet', 'entries', state.payer, '--tries', '1')
    expect(code).toBe(exitCodes.failed)
    expect(err).toContain('JOURNAL_UNAVAILABLE')
    // Whether a payment that the ledger does not know was ever made cannot be said without the journal either.
    const shown = await jiaozi('payment', 'show', newId(), '--wallet', state.payer, '--tries', '1')
    expect(shown.code).toBe(exitCodes.failed)
  })
})

describe('administration', () => {
  test('a frozen wallet neither pays nor is paid until it is unfrozen', async () => {
    expect((await json('wallet', 'freeze', state.payee)).body).toEqual({ wallet_id: state.payee, status: 'frozen' })
    const paid = await json('pay', state.payer, state.payee, '1')
    expect([paid.code, paid.body.reason]).toEqual([exitCodes.refused, 'payee-frozen'])
    expect((await jiaozi('wallet', 'unfreeze', state.payee)).out).toBe(`wallet ${state.payee} is open\n`)
    expect((await jiaozi('pay', state.payer, state.payee, '1')).code).toBe(exitCodes.ok)
    expect((await jiaozi('wallet', 'close', state.payee)).code).toBe(exitCodes.refused)
  })

  test('limits that are set hold, and what was not given stays', async () => {
    const { code, out } = await jiaozi('limits', 'set', '2', '--single', '50', '--reason', 'a trial')
    expect(code).toBe(exitCodes.ok)
    expect(out).toContain('100000.00')
    const { body } = await json('limits', 'show')
    const versions = (body.classes as Record<string, unknown>[]).filter((limits) => limits.class === 2)
    expect(versions.at(-1)).toMatchObject({ balance: '500000.00', single: '50.00', day: '100000.00', year: null })
    const paid = await json('pay', state.payer, state.payee, '51')
    expect([paid.code, paid.body.reason]).toEqual([exitCodes.refused, 'single-limit-exceeded'])
  })

  test('a rule about risk refuses until it is ended, and a payee who is suspended is not paid', async () => {
    const why = ['--reason', 'tried out']
    const set = (...args: string[]) => jiaozi('risk', 'set', 'payer-frequency', ...args, '--window', '1h', ...why)
    expect((await set('refuse', '--payments-max', '0')).code).toBe(exitCodes.ok)
    const paid = await json('pay', state.payer, state.payee, '1')
    expect([paid.code, paid.body.code]).toEqual([exitCodes.refused, 'RISK_FREQUENCY'])
    expect((await jiaozi('risk', 'rules')).out).toMatch(/^\* .*payer-frequency .*0 payments in 1h/m)
    expect((await set('off')).code).toBe(exitCodes.ok)
    expect((await jiaozi('risk', 'standing', state.payee, 'suspended', ...why)).code).toBe(exitCodes.ok)
    expect((await json('pay', state.payer, state.payee, '1')).body.code).toBe('PAYEE_SUSPENDED')
    const good = ['good', '--cause', 'resolved', ...why]
    expect((await jiaozi('risk', 'standing', state.payee, ...good)).code).toBe(exitCodes.ok)
    expect((await jiaozi('pay', state.payer, state.payee, '1')).code).toBe(exitCodes.ok)
    const asked = await json('risk', 'second-person', 'off', '--propose', ...why)
    expect(asked.body).toMatchObject({ status: 'open' })
    const own = await json('proposal', 'approve', String(asked.body.proposal_id), ...why)
    expect([own.code, own.body.code]).toEqual([exitCodes.refused, 'SECOND_PERSON_REQUIRED'])
    expect((await jiaozi('proposal', 'reject', String(asked.body.proposal_id), ...why)).code).toBe(exitCodes.ok)
  })

  test('a user who is blocked cannot pay', async () => {
    const userId = String((await json('wallet', 'show', state.payer)).body.user_id)
    expect((await json('user', 'kyc', userId, '--risk', '3')).body).toEqual({ user_id: userId, risk_level: 3 })
    expect((await json('pay', state.payer, state.payee, '1')).body.code).toBe('RISK_CONTROL')
    expect((await jiaozi('user', 'kyc', userId, '--risk', '0')).code).toBe(exitCodes.ok)
    expect((await json('user', 'show', userId)).body).toMatchObject({ wallets: [state.payer], risk_level: 0 })
  })

  test('new data keys seal from now on, and what older ones sealed is read', async () => {
    const before = await balanceOf(state.payer)
    const { body } = await json('keys', 'rotate')
    for (const key of body.keys as { version: number }[]) expect(key.version).toBe(2)
    expect(await balanceOf(state.payer)).toBe(before)
    expect((await jiaozi('recharge', state.payer, '1', '--wait-ms', '30000')).code).toBe(exitCodes.ok)
  })
})

describe('keys of wallets', () => {
  test('after a recovery the new key pays and the old one is dead', async () => {
    const wallets = join(state.data, 'wallets')
    const stolen = join(state.data, 'stolen')
    mkdirSync(stolen, { mode: 0o700 })
    copyFileSync(join(wallets, `${state.payer}.json`), join(stolen, `${state.payer}.json`))
    const waiting = await json('wallet', 'recover', state.payer)
    expect(waiting.body).toMatchObject({ status: 'waiting', key_version: 1 })
    expect((await json('wallet', 'stop-recovery', state.payer)).body).toMatchObject({ status: 'stopped' })
    expect((await jiaozi('limits', 'recovery', '0', '--reason', 'a trial')).code).toBe(exitCodes.ok)
    expect((await json('wallet', 'recover', state.payer)).body).toMatchObject({ status: 'done', key_version: 2 })
    expect((await jiaozi('pay', state.payer, state.payee, '1')).code).toBe(exitCodes.ok)
    const thief = await json('pay', state.payer, state.payee, '1', '--keystore', stolen)
    expect([thief.code, thief.body.reason]).toEqual([exitCodes.refused, 'not-signed'])
    const look = await json('wallet', 'show', state.payer, '--as', 'wallet', '--keystore', stolen)
    expect(look.code).toBe(exitCodes.refused)
    expect((await json('wallet', 'rotate', state.payer)).body).toMatchObject({ key_version: 3 })
    expect((await jiaozi('pay', state.payer, state.payee, '1')).code).toBe(exitCodes.ok)
  })

  test('a request that is asked again opens no second wallet and keeps the key', async () => {
    const requestId = newId()
    const before = (await json('wallet', 'list')).body.wallets as unknown[]
    const first = await json('wallet', 'open', '--request-id', requestId)
    const again = await json('wallet', 'open', '--request-id', requestId)
    expect(again.body).toEqual(first.body)
    const after = (await json('wallet', 'list')).body.wallets as unknown[]
    expect(after).toHaveLength(before.length + 1)
    // The key that was kept is the wallet's key: it signs the question.
    const shown = await json('wallet', 'show', String(first.body.wallet_id), '--as', 'wallet')
    expect(shown.body).toMatchObject({ wallet_id: first.body.wallet_id, key_version: 1 })
  })

  test('key files are for their owner alone, and nothing that is printed holds a key or a full account number', async () => {
    const wallets = join(state.data, 'wallets')
    for (const name of readdirSync(wallets)) expect(statSync(join(wallets, name)).mode & 0o777).toBe(0o600)
    const kept = readFileSync(join(wallets, `${state.payer}.json`), 'utf8')
    const { privateKeyPem, links } = JSON.parse(kept) as { privateKeyPem: string; links: { accountNo: string }[] }
    expect(links[0]?.accountNo).toMatch(/^\d{6}\*{6}\d{4}$/)
    const secret = privateKeyPem.split('\n')[1]!
    for (const args of [
      ['wallet', 'show', state.payer],
      ['wallet', 'list'],
      ['keys', 'show'],
    ]) {
      const { out, err } = await jiaozi(...args)
      expect(out + err).not.toContain(secret)
      expect(out + err).not.toContain('PRIVATE KEY')
    }
  })
})
