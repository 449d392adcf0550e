import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureCertificates } from '../deploy/certificates.ts'
import { freePort } from '../deploy/freePort.ts'
import {
  type Client,
  createClient,
  newId,
  newWalletKey,
  nodeExchange,
  principalSigner,
  type WalletKey,
  walletSigner,
} from './client/node.ts'
import type { RequestSigner } from './client/requests.ts'
import { startTestRegion, type TestProcess, type TestRegion, untilReady } from './testRegion.ts'

/** A region of real processes with an edge before it, and, when asked for, banks and a connector behind it. */
export type TestEdge = {
  readonly region: TestRegion
  readonly url: string
  readonly ca: string
  readonly edge: TestProcess
  readonly statusUrl: string
  readonly bankUrl: string
  readonly client: Client
  readonly institution: RequestSigner
  readonly operator: RequestSigner
  close(): Promise<void>
}

export type TestWallet = {
  readonly userId: string
  readonly walletId: string
  readonly key: WalletKey
  readonly signer: RequestSigner
}

const secrets = { bank: '11'.repeat(32), centralBank: '22'.repeat(32), between: '33'.repeat(32) }

export async function startTestEdge(
  options: { shards?: number; workers?: number; banks?: boolean } = {},
): Promise<TestEdge> {
  const { shards = 2, workers = 1, banks = false } = options
  const region = await startTestRegion(shards, workers)
  const started: TestProcess[] = []
  const shared = {
    region: 'a',
    shardCount: shards,
    keysDir: region.keysDir,
    nats: { url: region.natsUrl, monitorUrl: region.monitorUrl },
  }
  const bankUrl = banks ? await startBanks(region, shared, started) : ''
  const { caFile, certFile, keyFile } = ensureCertificates(join(region.dir, 'tls'), Date.now())
  const [port, statusPort] = [await freePort(), await freePort()]
  const address = { host: '127.0.0.1', port, statusPort, certFile, keyFile }
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/none'
  const edge = region.run('edge/main.ts', { role: 'edge', ...shared, edgeId: '1', ...address, databaseUrl })
  started.push(edge)
  const statusUrl = `http://127.0.0.1:${statusPort}`
  await untilReady(`${statusUrl}/readyz`, edge)
  const url = `https://127.0.0.1:${port}`
  const ca = readFileSync(caFile, 'utf8')
  const client = createClient(url, nodeExchange(url, ca))
  const { institution, operator } = region
  return {
    region,
    url,
    ca,
    edge,
    statusUrl,
    bankUrl,
    client,
    institution: principalSigner(institution.keyId, pemOf(institution)),
    operator: principalSigner(operator.keyId, pemOf(operator)),
    async close() {
      for (const one of started) await one.kill()
      await region.close()
    },
  }
}

const pemOf = ({ privateKey }: TestRegion['institution']): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

async function startBanks(region: TestRegion, shared: object, started: TestProcess[]): Promise<string> {
  const [bank, centralBank, status] = [await freePort(), await freePort(), await freePort()]
  const folder = 'actors/connectors/sandbox'
  const bankUrl = `http://127.0.0.1:${bank}`
  const centralBankUrl = `http://127.0.0.1:${centralBank}`
  const central = region.run(`${folder}/centralBankMain.ts`, {
    role: 'sandbox-central-bank',
    port: centralBank,
    dataFile: join(region.dir, 'central.sqlite'),
    secret: secrets.centralBank,
    bankSecret: secrets.between,
  })
  started.push(central)
  await untilReady(`${centralBankUrl}/readyz`, central)
  const commercial = region.run(`${folder}/bankMain.ts`, {
    role: 'sandbox-bank',
    port: bank,
    dataFile: join(region.dir, 'bank.sqlite'),
    secret: secrets.bank,
    centralBankUrl,
    centralBankSecret: secrets.between,
  })
  started.push(commercial)
  await untilReady(`${bankUrl}/readyz`, commercial)
  const far = { bankUrl, centralBankUrl, bankSecret: secrets.bank, centralBankSecret: secrets.centralBank }
  const own = { role: 'connector', connectorId: '1', statusPort: status }
  const connector = region.run('actors/connectors/main.ts', { ...shared, ...own, ...far })
  started.push(connector)
  await untilReady(`http://127.0.0.1:${status}/readyz`, connector)
  return bankUrl
}

/** Opens a user with one wallet. */
export async function openTestWallet(
  { client, institution }: Pick<TestEdge, 'client' | 'institution'>,
  { kyc = 1, group = 1, kind = 'personal' }: { kyc?: number; group?: number; kind?: string } = {},
): Promise<TestWallet> {
  const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: kyc, request_id: newId() })
  const userId = String(user.body.user_id)
  const key = newWalletKey()
  const opening = { user_id: userId, class: group, kind, public_key: key.publicKeyHex, request_id: newId() }
  const wallet = await client.call(institution, 'POST', '/v1/wallets', opening)
  const walletId = String(wallet.body.wallet_id)
  return { userId, walletId, key, signer: walletSigner(walletId, key) }
}

/** Opens an account at the sandbox bank. */
export async function openBankAccount(
  { bankUrl }: Pick<TestEdge, 'bankUrl'>,
  balance: string,
): Promise<{ accountNo: string; authToken: string }> {
  const response = await fetch(`${bankUrl}/account-batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ accounts: [{ kind: 'bank', balance }] }),
  })
  const { accounts } = (await response.json()) as { accounts: [{ account_no: string; auth_token: string }] }
  return { accountNo: accounts[0].account_no, authToken: accounts[0].auth_token }
}

/** Links a bank account that holds `balance` and recharges the wallet with `amount`. */
export async function fund(
  edge: Pick<TestEdge, 'client' | 'bankUrl'>,
  wallet: TestWallet,
  amount: string,
): Promise<Record<string, unknown>> {
  const { accountNo, authToken } = await openBankAccount(edge, amount)
  const link = { account_type: 'bank', account_no: accountNo, balance_limit: '1000000', request_id: newId() }
  await edge.client.call(wallet.signer, 'POST', `/v1/wallets/${wallet.walletId}/linked-accounts`, link)
  const tx = { tx_id: newId(), wallet_id: wallet.walletId, account_no: accountNo, amount, auth_token: authToken }
  return (await edge.client.call(wallet.signer, 'POST', '/v1/recharges', tx)).body
}
