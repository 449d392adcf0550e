import { readFileSync } from 'node:fs'
import {
  type Client,
  createClient,
  newId,
  newWalletKey,
  nodeExchange,
  principalSigner,
  signPayment,
  type WalletKey,
  walletSigner,
} from '../../edge/client/node.ts'
import type { RetryPolicy } from '../../edge/client/requests.ts'
import type { RegionFacts } from '../region.ts'
import { untilDecided, untilEnded } from './asking.ts'
import { type Ending, inParallel, type Order, type Pay, type Sign } from './play.ts'
import { fenOf, type Play, yuanOf } from './transfers.ts'

/** One account of the play as a wallet of the region. */
export type Resident = { walletId: string; key: WalletKey; accountNo: string; authToken: string; initialFen: number }

const walletClass = 3
const kycLevel = 3
const linkLimit = '50000.00'
const bankBatch = 500
/** Patience for one payment: an edge, a worker and the message server may be killed and come back meanwhile. */
const patience: RetryPolicy = { triesMax: 60, timeoutMs: 12_000, pauseMinMs: 50, pauseMaxMs: 1_500 }

export type Town = {
  client: Client
  residents: Resident[]
  sign: Sign
  pay: Pay
  balance(resident: Resident): Promise<number>
  redeem(resident: Resident, fen: number): Promise<Ending>
}

export function connectTown(facts: RegionFacts, connectionsMax: number): Client {
  const exchange = nodeExchange(facts.edgeUrl, readFileSync(facts.caFile), connectionsMax)
  return createClient(facts.edgeUrl, exchange, patience)
}

/** Opens bank accounts, users, wallets and links for every account of a play, and recharges each. */
export async function settleTown(
  facts: RegionFacts,
  play: Play,
  width: number,
  onProgress: (what: string, done: number) => void,
): Promise<Town> {
  const plain = connectTown(facts, width)
  const client: Client = { call: (...request) => untilDecided(() => plain.call(...request)) }
  const institution = principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8'))
  const accounts = await openBankAccounts(facts.bankUrl, play, onProgress)
  const residents: Resident[] = new Array(play.accounts.length)
  let opened = 0
  await inParallel(play.accounts, width, async ({ initialFen }, i) => {
    const key = newWalletKey()
    const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: kycLevel, request_id: newId() })
    const wallet = await client.call(institution, 'POST', '/v1/wallets', {
      user_id: user.body.user_id,
      class: walletClass,
      kind: 'personal',
      public_key: key.publicKeyHex,
      algorithm: 'ecdsa-p256',
      request_id: newId(),
    })
    const walletId = String(wallet.body.wallet_id)
    const { accountNo, authToken } = accounts[i]!
    await client.call(walletSigner(walletId, key), 'POST', `/v1/wallets/${walletId}/linked-accounts`, {
      account_type: 'bank',
      account_no: accountNo,
      balance_limit: linkLimit,
      request_id: newId(),
    })
    residents[i] = { walletId, key, accountNo, authToken, initialFen }
    onProgress('wallets opened', ++opened)
  })
  let recharged = 0
  await inParallel(residents, width, async (resident) => {
    if (resident.initialFen > 0) await recharge(plain, resident)
    onProgress('wallets recharged', ++recharged)
  })
  return {
    client,
    residents,
    sign: (payer, payee, fen) => ({ payer, payee, fen, signed: sign(residents[payer]!, residents[payee]!, fen) }),
    pay: ({ signed }) => untilEnded(() => plain.call(undefined, 'POST', '/v1/payments', signed)),
    balance: async ({ walletId, key }) => {
      const { body } = await client.call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
      return fenOf(String(body.balance))
    },
    redeem: (resident, fen) => redeem(plain, resident, fen),
  }
}

async function openBankAccounts(
  bankUrl: string,
  play: Play,
  onProgress: (what: string, done: number) => void,
): Promise<{ accountNo: string; authToken: string }[]> {
  const opened: { accountNo: string; authToken: string }[] = []
  for (let at = 0; at < play.accounts.length; at += bankBatch) {
    const accounts = play.accounts
      .slice(at, at + bankBatch)
      .map(({ initialFen }) => ({ kind: 'bank', balance: yuanOf(initialFen) }))
    const response = await fetch(`${bankUrl}/account-batches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ accounts }),
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new Error(`the sandbox bank opened no accounts: ${await response.text()}`)
    const body = (await response.json()) as { accounts: { account_no: string; auth_token: string }[] }
    for (const { account_no, auth_token } of body.accounts)
      opened.push({ accountNo: account_no, authToken: auth_token })
    onProgress('bank accounts', opened.length)
  }
  return opened
}

async function recharge(client: Client, { walletId, key, accountNo, authToken, initialFen }: Resident): Promise<void> {
  const body = {
    tx_id: newId(),
    wallet_id: walletId,
    account_no: accountNo,
    amount: yuanOf(initialFen),
    auth_token: authToken,
  }
  const ending = await untilEnded(() => client.call(walletSigner(walletId, key), 'POST', '/v1/recharges', body))
  if (ending.kind !== 'completed') {
    throw new Error(`a recharge did not complete: ${ending.kind === 'refused' ? ending.reason : ending.kind}`)
  }
}

async function redeem(client: Client, { walletId, key, accountNo }: Resident, fen: number): Promise<Ending> {
  const body = { tx_id: newId(), wallet_id: walletId, account_no: accountNo, amount: yuanOf(fen) }
  return untilEnded(() => client.call(walletSigner(walletId, key), 'POST', '/v1/redemptions', body))
}

function sign(payer: Resident, payee: Resident, fen: number): Order['signed'] {
  const payment = {
    payment_id: newId(),
    payer_wallet: payer.walletId,
    payee_wallet: payee.walletId,
    amount: yuanOf(fen),
    currency: 'CNY-DC',
    timestamp: new Date().toISOString(),
  }
  return signPayment(payment, payer.key)
}
