import { readFileSync } from 'node:fs'
import {
  type Client,
  createClient,
  newId,
  newWalletKey,
  nodeExchange,
  principalSigner,
  type WalletKey,
  walletSigner,
} from '../../../edge/client/node.ts'
import { yuanText } from '../../oneRegion/amounts.ts'

export type DrillWallet = { readonly walletId: string; readonly key: WalletKey; readonly shard: number }

export type OpeningFacts = {
  readonly edgeUrl: string
  readonly caFile: string
  readonly institutionKeyFile: string
  readonly bankUrl: string
  readonly shardCount: number
}

/** Class 2 may pay the whole day long at the rate of a drill. */
const wallet = { class: 2, kind: 'personal' }
const kycLevel = 2
/** What each wallet of a drill begins with. */
export const openingFen = 2_000_000
const accountBalance = '100000.00'
const linkLimit = '50000.00'
const openedAtOnce = 8
const openedMaxPerWanted = 8
const patience = { triesMax: 40, timeoutMs: 12_000, pauseMinMs: 50, pauseMaxMs: 1_000 }
const rechargedWithinMs = 60_000
const rechargePauseMs = 100

/** Opens wallets until each shard has `perShard`, and recharges each from the sandbox bank. */
export async function openWallets(facts: OpeningFacts, perShard: number): Promise<DrillWallet[]> {
  const { shardCount } = facts
  const client = createClient(facts.edgeUrl, nodeExchange(facts.edgeUrl, readFileSync(facts.caFile), 64), patience)
  const missing = Array.from({ length: shardCount }, () => perShard)
  const opened: DrillWallet[] = []
  const wanted = perShard * shardCount
  let tried = 0
  const lane = async (): Promise<void> => {
    while (missing.some((left) => left > 0)) {
      if (tried++ > wanted * openedMaxPerWanted) throw new Error(`${tried} wallets were opened, and a shard lacks some`)
      const one = await openWallet(client, facts)
      if (missing[one.shard]! <= 0) continue
      missing[one.shard]! -= 1
      await recharge(client, facts, one)
      opened.push(one)
    }
  }
  await Promise.all(Array.from({ length: openedAtOnce }, lane))
  return opened.toSorted((a, b) => a.shard - b.shard)
}

async function openWallet(client: Client, facts: OpeningFacts): Promise<DrillWallet> {
  const institution = principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8'))
  const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: kycLevel, request_id: newId() })
  const key = newWalletKey()
  const opening = { ...wallet, user_id: user.body.user_id, public_key: key.publicKeyHex, request_id: newId() }
  const opened = await client.call(institution, 'POST', '/v1/wallets', opening)
  const walletId = String(opened.body.wallet_id)
  const { body } = await client.call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
  return { walletId, key, shard: (body.as_of as { shard: number }).shard }
}

async function recharge(client: Client, { bankUrl }: OpeningFacts, { walletId, key }: DrillWallet): Promise<void> {
  const signer = walletSigner(walletId, key)
  const { accountNo, authToken } = await openAccount(bankUrl)
  const link = { account_type: 'bank', account_no: accountNo, balance_limit: linkLimit, request_id: newId() }
  await client.call(signer, 'POST', `/v1/wallets/${walletId}/linked-accounts`, link)
  const body = {
    tx_id: newId(),
    wallet_id: walletId,
    account_no: accountNo,
    amount: yuanText(openingFen),
    auth_token: authToken,
  }
  const deadlineMs = performance.now() + rechargedWithinMs
  while ((await client.call(signer, 'POST', '/v1/recharges', body)).status === 202) {
    if (performance.now() > deadlineMs) throw new Error(`a recharge took longer than ${rechargedWithinMs / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, rechargePauseMs))
  }
}

async function openAccount(bankUrl: string): Promise<{ accountNo: string; authToken: string }> {
  const response = await fetch(`${bankUrl}/account-batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ accounts: [{ kind: 'bank', balance: accountBalance }] }),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`the sandbox bank opened no account: ${response.status}`)
  const { accounts } = (await response.json()) as { accounts: [{ account_no: string; auth_token: string }] }
  return { accountNo: accounts[0].account_no, authToken: accounts[0].auth_token }
}
