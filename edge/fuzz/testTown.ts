import type { RequestSigner } from '../client/requests.ts'
import { TestApi, type TestWallet } from '../routes/testApi.ts'
import { openSubUser } from '../routes/testMerchantUsers.ts'
import { newOrder, orderOf, paidOrder } from '../routes/testThings.ts'

export type Known = Readonly<Record<string, readonly string[]>>

/** What there is for hostile requests to aim at: three people, a shop, what they have, and all who can sign. */
export type Town = {
  readonly api: TestApi
  readonly ann: TestWallet
  readonly signers: Readonly<Record<string, RequestSigner>>
  /** Values that exist here, by the name of the member that may hold them. */
  readonly known: Known
  /** Wallets by who holds them. */
  readonly wallets: Readonly<Record<'ann' | 'eve' | 'shop', TestWallet>>
}

export const accountNo = '6225880123451234'

export async function settle(): Promise<Town> {
  const api = new TestApi()
  await api.begin()
  const ann = await api.openWallet()
  const bo = await api.openWallet(api.otherInstitution)
  const eve = await api.openWallet()
  const shop = await api.openWallet(api.institution, 'merchant', 0)
  await api.fund(ann, '1000.00', accountNo)
  await api.fund(shop, '1000.00', '6225880123459876')
  const followed = { shard: 0, seq: 9, timeMs: Date.now() }
  api.orders = { orders: [], followed, more: false }
  api.entries = { entries: [], followed, more: false }
  api.payeeMandates = { mandates: [], followed: [followed], more: false }
  api.statement = { openingFen: 0, lines: [], followed }
  const everywhere = Array.from({ length: api.gateway.shardCount }, (_, shard) => ({ ...followed, shard }))
  api.events = { followed: everywhere, events: [] }
  api.told = []
  api.journal = []
  api.disputes = []
  api.proposals = []
  api.standings = []
  const [cashier, refunder] = [await openSubUser(api, shop, 1, 'cashier'), await openSubUser(api, shop, 2, 'refunder')]
  api.merchantUsers = []
  const orders = [
    await newOrder(api, shop),
    await newOrder(api, shop, orderOf({ amount: '2.00' })),
    await paidOrder(api, shop),
  ]
  const wallets = [ann.walletId, bo.walletId, eve.walletId, shop.walletId, 'W999999999']
  // Payments are signed with Ann's key.
  const payers = [ann.walletId, ann.walletId, ann.walletId, ...wallets]
  const ids = { wallet_id: wallets, payer_wallet: payers, payee_wallet: wallets }
  const users = [ann.userId, bo.userId, eve.userId, 'U999999999']
  const things = {
    order_no: orders,
    order: orders,
    account_no: [accountNo],
    user_id: users,
    link_id: ['1', '2'],
    user_no: ['1', '2', '32'],
  }
  const { institution, otherInstitution, operator } = api
  const signers = {
    ann: ann.signer,
    bo: bo.signer,
    eve: eve.signer,
    shop: shop.signer,
    cashier,
    refunder,
    institution: institution.signer,
    otherInstitution: otherInstitution.signer,
    operator: operator.signer,
  }
  return { api, ann, wallets: { ann, eve, shop }, signers, known: { ...ids, ...things, number: ['9'] } }
}
