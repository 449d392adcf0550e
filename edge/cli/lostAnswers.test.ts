import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ensureCertificates } from '../../deploy/certificates.ts'
import { newId, newWalletKey } from '../client/node.ts'
import { exitCodes } from './exitCodes.ts'
import { Keystore } from './keystore.ts'
import { runCommandLine } from './program.ts'

/** One request as it arrived, and what the far side does with it: it answers, or tears the line. */
type Arrived = { method: string; path: string; body: string }
type Reaction = { status: number; body: object } | 'tear'

const payer = 'W1048576'
const payee = 'W1048577'
const far = { dir: '', url: '', ca: '', arrived: [] as Arrived[], react: (_: Arrived): Reaction => 'tear' }
let server: Server

beforeAll(async () => {
  far.dir = mkdtempSync(join(tmpdir(), 'jiaozi-cli-'))
  const { caFile, certFile, keyFile } = ensureCertificates(join(far.dir, 'tls'), Date.now())
  far.ca = caFile
  server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const arrived = { method: request.method!, path: request.url!, body: Buffer.concat(chunks).toString() }
      far.arrived.push(arrived)
      const reaction = far.react(arrived)
      if (reaction === 'tear') return void request.socket.destroy()
      const type = reaction.status < 400 ? 'application/json' : 'application/problem+json'
      response.writeHead(reaction.status, { 'content-type': type }).end(JSON.stringify(reaction.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  far.url = `https://127.0.0.1:${(server.address() as { port: number }).port}`
  const privateKeyPem = newWalletKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  new Keystore(join(far.dir, 'wallets')).put({
    formatVersion: 1,
    walletId: payer,
    userId: 'U1048576',
    privateKeyPem,
    links: [],
  })
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(far.dir, { recursive: true })
})
beforeEach(() => {
  far.arrived = []
})

async function pay(...more: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const write = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const to = ['--data', far.dir, '--url', far.url, '--ca', far.ca, '--tries', '3']
  const code = await runCommandLine(['pay', payer, payee, '5', ...to, ...more], write)
  return { code, out: out.join(''), err: err.join('') }
}

const stands = (status: string, id: string, http = 200): Reaction => {
  return { status: http, body: { payment_id: id, payer_wallet: payer, status } }
}

test('when every answer is lost the outcome is unknown, and the same payment was sent each time', async () => {
  far.react = () => 'tear'
  const id = newId()
  const { code, out, err } = await pay('--payment-id', id)
  expect(code).toBe(exitCodes.unknown)
  expect(out).toBe('')
  expect(err).toContain(`ask again with --payment-id ${id}`)
  expect(far.arrived).toHaveLength(3)
  expect(new Set(far.arrived.map(({ body }) => body)).size).toBe(1)
})

test('the id is told before the first answer, so that nothing that is lost is lost for good', async () => {
  let told = ''
  const id = newId()
  far.react = () => stands('completed', id)
  const write = {
    out: () => expect(told).toContain(id),
    err: (text: string) => {
      expect(far.arrived).toEqual([])
      told += text
    },
  }
  const to = ['--data', far.dir, '--url', far.url, '--ca', far.ca, '--payment-id', id]
  expect(await runCommandLine(['pay', payer, payee, '5', ...to], write)).toBe(exitCodes.ok)
})

test('a payment that is pending is asked for under its status address until it has ended', async () => {
  const id = newId()
  far.react = ({ method }) => {
    if (method === 'POST') return stands('pending', id, 202)
    return stands(far.arrived.length < 4 ? 'pending' : 'completed', id)
  }
  const { code, out } = await pay('--payment-id', id, '--json')
  expect(code).toBe(exitCodes.ok)
  expect(JSON.parse(out)).toEqual({ payment_id: id, payer_wallet: payer, status: 'completed' })
  const statusPath = `/v1/wallets/${payer}/payments/${id}`
  const [first, ...rest] = far.arrived.map(({ method, path }) => `${method} ${path}`)
  expect(first).toBe('POST /v1/payments')
  expect(rest).toEqual(Array(3).fill(`GET ${statusPath}`))
})

test('a payment that turns out refused later is a refusal', async () => {
  const id = newId()
  far.react = ({ method }) => (method === 'POST' ? stands('pending', id, 202) : stands('refused', id))
  expect((await pay('--payment-id', id)).code).toBe(exitCodes.refused)
})

test('a payment that nobody knows when asked for is sent again as it was', async () => {
  const id = newId()
  const unknown = { status: 404, body: { title: 'There is nothing here.', code: 'NOT_FOUND', reason: 'not-found' } }
  far.react = ({ method }) => {
    if (method === 'GET') return unknown
    return far.arrived.length === 1 ? stands('pending', id, 202) : stands('completed', id)
  }
  expect((await pay('--payment-id', id)).code).toBe(exitCodes.ok)
  const posts = far.arrived.filter(({ method }) => method === 'POST')
  expect(posts).toHaveLength(2)
  expect(posts[1]).toEqual(posts[0])
})

test('one that is still pending when patience ends is neither done nor refused', async () => {
  const id = newId()
  far.react = ({ method }) => stands('pending', id, method === 'POST' ? 202 : 200)
  const { code, out } = await pay('--payment-id', id, '--wait-ms', '200', '--json')
  expect(code).toBe(exitCodes.unknown)
  expect(JSON.parse(out)).toMatchObject({ status: 'pending' })
})

test.each(['tear', 503, 401] as const)(
  'a pending payment stays unknown when its status cannot be read (%s)',
  async (why) => {
    const id = newId()
    const problem = { title: 'No.', code: 'NO', reason: why === 401 ? 'not-signed' : 'unavailable' }
    far.react = ({ method }) => {
      if (method === 'POST') return stands('pending', id, 202)
      return why === 'tear' ? why : { status: why, body: problem }
    }
    const { code, err } = await pay('--payment-id', id, '--wait-ms', '300')
    expect(code).toBe(exitCodes.unknown)
    expect(err).toContain(id)
  },
)

test.each<[string, Reaction]>([
  ['lost', 'tear'],
  ['open', { status: 202, body: { status: 'pending' } }],
])(
  'a request whose answer stays %s is told with its id: under a new one it would be done again',
  async (_, reaction) => {
    far.react = () => reaction
    const err: string[] = []
    const to = ['--data', far.dir, '--url', far.url, '--ca', far.ca, '--tries', '2', '--timeout-ms', '300']
    const write = { out: () => undefined, err: (text: string) => void err.push(text) }
    const args = ['merchant', 'rotate-secret', payer, '--as', 'wallet', ...to]
    expect(await runCommandLine(args, write)).toBe(exitCodes.unknown)
    const { request_id } = JSON.parse(far.arrived[0]!.body) as { request_id: string }
    expect(err.join('')).toContain(`ask again with --request-id ${request_id}`)
  },
)

test('an edge whose authority nobody named is not reached, and the option that names it is told', async () => {
  const err: string[] = []
  const write = { out: () => undefined, err: (text: string) => void err.push(text) }
  const args = ['pay', payer, payee, '5', '--data', far.dir, '--url', far.url, '--tries', '1']
  expect(await runCommandLine(args, write)).toBe(exitCodes.failed)
  expect(err.join('')).toMatch(/certificate of https:\/\/127\.0\.0\.1:\d+ is not trusted \(\w+\): .* with --ca/)
  expect(far.arrived).toEqual([])
})

test('an order is shown with who gets a part of it', async () => {
  const splits = [{ payee_wallet: payee, amount: '6.25', percent: '12.50', status: 'returned', reason: 'payee-closed' }]
  const order = { wallet_id: payer, order_no: 'T-1', status: 'paid', amount: '50.00', refunded: '0.00', splits }
  far.react = () => ({ status: 200, body: order })
  const out: string[] = []
  const write = { out: (text: string) => void out.push(text), err: () => undefined }
  const to = ['--data', far.dir, '--url', far.url, '--ca', far.ca]
  expect(await runCommandLine(['order', 'show', payer, 'T-1', ...to], write)).toBe(exitCodes.ok)
  expect(out.join('')).toMatch(/^split +W1048577 {2}6\.25 yuan, 12\.50% {2}returned, payee-closed$/m)
})

test('a sub-user is removed when the region says so, and not while it does not know', async () => {
  const keystore = new Keystore(join(far.dir, 'wallets'))
  const { privateKeyPem } = keystore.wallet(payer)
  keystore.putUser({ formatVersion: 1, walletId: payer, userNo: 2, privateKeyPem })
  const remove = async () => {
    const err: string[] = []
    const to = ['--data', far.dir, '--url', far.url, '--ca', far.ca, '--timeout-ms', '300']
    const write = { out: () => undefined, err: (text: string) => void err.push(text) }
    return { code: await runCommandLine(['merchant', 'users', 'remove', payer, '2', ...to], write), err: err.join('') }
  }
  far.react = () => ({ status: 202, body: { request_id: newId(), status: 'pending' } })
  const open = await remove()
  expect([open.code, open.err]).toEqual([exitCodes.unknown, expect.stringContaining('does not know yet')])
  expect(() => keystore.keyOfUser(payer, 2)).not.toThrow()
  far.react = () => ({ status: 200, body: { wallet_id: payer, user_no: 2, status: 'removed' } })
  expect((await remove()).code).toBe(exitCodes.ok)
  expect(() => keystore.keyOfUser(payer, 2)).toThrow('is not in the keystore')
})

test('a 503 says that nothing was done, but not after a try whose answer was lost', async () => {
  const away = { status: 503, body: { title: 'Not available now.', code: 'UNAVAILABLE', reason: 'unavailable' } }
  far.react = () => away
  expect((await pay()).code).toBe(exitCodes.failed)
  far.arrived = []
  far.react = () => (far.arrived.length === 1 ? 'tear' : away)
  expect((await pay()).code).toBe(exitCodes.unknown)
})
