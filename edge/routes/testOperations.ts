import { newId, newWalletKey } from '../client/node.ts'
import { messageNamed } from '../wire/protobuf.ts'
import { operations } from './app.ts'
import type { TestApi, TestWallet } from './testApi.ts'
import { disputeSamples } from './testDisputes.ts'
import { merchantUserSamples } from './testMerchantUsers.ts'
import { operatorSamples } from './testOperatorSamples.ts'
import {
  accountNo,
  allowedBy,
  allowedTo,
  heldFor,
  holdOf,
  mandateOf,
  merchantPath,
  newOrder,
  newProposal,
  orderOf,
  ordersPath,
  paidOrder,
  paymentOf,
  proposalOf,
  reason,
  untilCompleted,
  walletPath,
  withId,
} from './testThings.ts'
import { webhookSamples } from './testWebhooks.ts'

/** Who asks: the wallet that the request is about, another, or who administers the one or the other. */
export const askers = ['own', 'other', 'institution', 'otherInstitution', 'operator', 'nobody'] as const
export type Asker = (typeof askers)[number]

/** One good request of an operation, made anew for each test. */
export type Sample = { readonly path: string; readonly json?: Readonly<Record<string, unknown>> }

export type SampleOf = {
  /** Who may ask for it. */
  readonly by: Asker
  readonly sample: (api: TestApi, own: TestWallet, other: TestWallet) => Sample | Promise<Sample>
}

const show = (by: Asker, path: (own: TestWallet) => string): SampleOf => ({
  by,
  sample: (_, own) => ({ path: path(own) }),
})

/** By the names of the operations. That none is missing is a test of its own. */
export const samples: Readonly<Record<string, SampleOf>> = {
  openUser: {
    by: 'institution',
    sample: () => ({ path: '/v1/users', json: withId({ kyc_level: 2, legal_name: '张小明' }) }),
  },
  showUser: show('institution', ({ userId }) => `/v1/users/${userId}`),
  updateUser: {
    by: 'institution',
    sample: (_, { userId }) => ({
      path: `/v1/users/${userId}`,
      json: withId({ kyc_level: 1, risk_level: 1, legal_name: 'Ann Lee', reason }),
    }),
  },
  openWallet: {
    by: 'institution',
    sample: (_, { userId }) => {
      const key = { public_key: newWalletKey().publicKeyHex, algorithm: 'ecdsa-p256' }
      return { path: '/v1/wallets', json: withId({ user_id: userId, class: 4, kind: 'personal', ...key }) }
    },
  },
  showWallet: show('own', (own) => walletPath(own)),
  freezeWallet: {
    by: 'institution',
    sample: (_, own) => ({ path: walletPath(own, '/freeze'), json: withId({ reason }) }),
  },
  unfreezeWallet: {
    by: 'institution',
    sample: async (api, own) => {
      await api.ask('POST', walletPath(own, '/freeze'), { by: api.operator.signer, json: withId({ reason }) })
      return { path: walletPath(own, '/unfreeze'), json: withId({ reason }) }
    },
  },
  closeWallet: { by: 'own', sample: (_, own) => ({ path: walletPath(own, '/close'), json: withId({ reason }) }) },
  rotateWalletKey: {
    by: 'own',
    sample: (_, own) => ({
      path: walletPath(own, '/keys'),
      json: withId({ public_key: newWalletKey().publicKeyHex, algorithm: 'ecdsa-p256' }),
    }),
  },
  revokeWalletKey: {
    by: 'institution',
    sample: (_, own) => ({ path: walletPath(own, '/keys/revoke'), json: withId() }),
  },
  stopKeyRecovery: {
    by: 'own',
    sample: async (api, own) => {
      const by = api.institution.signer
      const json = withId({ public_key: newWalletKey().publicKeyHex })
      await api.ask('POST', walletPath(own, '/keys/recover'), { by, json })
      return { path: walletPath(own, '/keys/recover/stop'), json: withId({ reason }) }
    },
  },
  recoverWalletKey: {
    by: 'institution',
    sample: (_, own) => ({
      path: walletPath(own, '/keys/recover'),
      json: withId({ public_key: newWalletKey().publicKeyHex }),
    }),
  },
  linkAccount: {
    by: 'own',
    sample: (_, own) => ({
      path: walletPath(own, '/linked-accounts'),
      json: withId({ account_type: 'bank', account_no: accountNo, balance_limit: '50000' }),
    }),
  },
  listLinkedAccounts: show('own', (own) => walletPath(own, '/linked-accounts')),
  unlinkAccount: {
    by: 'own',
    sample: async (api, own) => {
      const { body } = await api.link(own, accountNo)
      return { path: walletPath(own, `/linked-accounts/${body.link_id}`) }
    },
  },
  recharge: {
    by: 'own',
    sample: async (api, own) => {
      await api.link(own, accountNo)
      const json = { tx_id: newId(), wallet_id: own.walletId, account_no: accountNo, amount: '5.00', auth_token: 't' }
      return { path: '/v1/recharges', json }
    },
  },
  showRecharge: {
    by: 'own',
    sample: async (api, own) => {
      const told = await api.fund(own, '5.00', accountNo)
      return { path: `/v1/recharges/${told.body.tx_id}?wallet_id=${own.walletId}` }
    },
  },
  redeem: {
    by: 'own',
    sample: async (api, own) => {
      await api.fund(own, '5.00', accountNo)
      const json = { tx_id: newId(), wallet_id: own.walletId, account_no: accountNo, amount: '1.00' }
      return { path: '/v1/redemptions', json }
    },
  },
  showRedemption: {
    by: 'own',
    sample: async (api, own) => {
      await api.fund(own, '5.00', accountNo)
      const json = { tx_id: newId(), wallet_id: own.walletId, account_no: accountNo, amount: '1.00' }
      await api.ask('POST', '/v1/redemptions', { by: own.signer, json })
      return { path: `/v1/redemptions/${json.tx_id}?wallet_id=${own.walletId}` }
    },
  },
  showPayee: show('own', ({ walletId }) => `/v1/payees/${walletId}`),
  submitPayment: {
    by: 'nobody',
    sample: async (api, own, other) => {
      await api.fund(own, '5.00', accountNo)
      return { path: '/v1/payments', json: paymentOf(own, other) }
    },
  },
  showPayment: {
    by: 'own',
    sample: async (api, own, other) => {
      await api.fund(own, '5.00', accountNo)
      const json = paymentOf(own, other)
      await api.ask('POST', '/v1/payments', { json })
      const path = walletPath(own, `/payments/${json.payment_id}`)
      await untilCompleted(api, path)
      return { path }
    },
  },
  findPayment: {
    by: 'own',
    sample: (api, own) => {
      const id = newId()
      const [payer, payee] = [Number(own.walletId.slice(1)), Number(own.walletId.slice(1))]
      const executed = { shard: 0, seq: 9, index: 0, timeMs: Date.now() }
      const of = { code: 0, complete: true, executed, digest: new Uint8Array(16), amountFen: 100 }
      api.journal = [{ ...of, payer, payee, id: Buffer.from(id.replaceAll('-', ''), 'hex') }]
      return { path: `/v1/payments/${id}` }
    },
  },
  listEntries: {
    by: 'own',
    sample: (api, own) => {
      api.entries = { entries: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: walletPath(own, '/entries?limit=10') }
    },
  },
  putMerchant: {
    by: 'own',
    sample: (_, own) => ({ path: merchantPath(own), json: withId({ name_zh: '茶馆' }) }),
  },
  showMerchant: show('own', (own) => merchantPath(own)),
  showReceipt: {
    by: 'own',
    sample: (api, own) => {
      const id = newId()
      const payer = Number(own.walletId.slice(1))
      const executed = { shard: 0, seq: 9, index: 0, timeMs: Date.now() }
      const of = { code: 0, complete: true, executed, digest: new Uint8Array(16), amountFen: 100, payee: payer }
      api.journal = [{ ...of, payer, id: Buffer.from(id.replaceAll('-', ''), 'hex') }]
      return { path: walletPath(own, `/payments/${id}/receipt`) }
    },
  },
  showStatement: {
    by: 'own',
    sample: (api, own) => {
      api.statement = { openingFen: 0, lines: [], followed: { shard: 0, seq: 9, timeMs: Date.now() } }
      return { path: walletPath(own, '/statements/2026-01') }
    },
  },
  showDailyStatement: {
    by: 'own',
    sample: (api, { walletId }) => {
      api.statement = { openingFen: 0, lines: [], followed: { shard: 0, seq: 9, timeMs: Date.now() } }
      return { path: `/v1/merchants/${walletId}/statements/2026-01-02` }
    },
  },
  ...webhookSamples,
  ...merchantUserSamples,
  ...disputeSamples,
  ...operatorSamples,
  listWalletEvents: {
    by: 'own',
    sample: (api, own) => {
      api.events = { followed: [0, 1].map((shard) => ({ shard, seq: 9, timeMs: Date.now() })), events: [] }
      return { path: walletPath(own, '/events') }
    },
  },
  createOrder: { by: 'own', sample: (_, own) => ({ path: ordersPath(own), json: orderOf() }) },
  listOrders: {
    by: 'own',
    sample: (api, own) => {
      api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: ordersPath(own, '?limit=10') }
    },
  },
  showOrder: {
    by: 'own',
    sample: async (api, own) => ({ path: ordersPath(own, `/${await newOrder(api, own)}`) }),
  },
  closeOrder: {
    by: 'own',
    sample: async (api, own) => ({ path: ordersPath(own, `/${await newOrder(api, own)}/close`), json: withId() }),
  },
  showOrderQr: {
    by: 'own',
    sample: async (api, own) => ({ path: ordersPath(own, `/${await newOrder(api, own)}/qr`) }),
  },
  showMerchantQr: show('own', ({ walletId }) => `/v1/merchants/${walletId}/qr`),
  showPayLink: {
    by: 'nobody',
    sample: async (api, own) => {
      const told = await api.ask('GET', ordersPath(own, `/${await newOrder(api, own)}/qr`), { by: own.signer })
      return { path: `/v1/pay-links/${String(told.body.url).split('/').at(-1)}` }
    },
  },
  refundOrder: {
    by: 'own',
    sample: async (api, own) => {
      const path = ordersPath(own, `/${await paidOrder(api, own)}/refunds`)
      return { path, json: { refund_id: newId(), amount: '0.40' } }
    },
  },
  listRefunds: {
    by: 'own',
    sample: (api, own) => {
      api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: ordersPath(own, '/T-1/refunds') }
    },
  },
  placeHold: {
    by: 'own',
    sample: async (api, own, other) => {
      await api.fund(own, '5.00', accountNo)
      return { path: walletPath(own, '/holds'), json: holdOf(other) }
    },
  },
  listHolds: {
    by: 'own',
    sample: (api, own) => {
      api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: walletPath(own, '/holds') }
    },
  },
  showHold: { by: 'own', sample: async (api, own) => ({ path: await heldFor(api, own) }) },
  captureHold: {
    by: 'own',
    sample: async (api, own) => {
      const path = `${await heldFor(api, own)}/captures`
      return { path, json: { capture_id: newId(), amount: '0.40' } }
    },
  },
  voidHold: {
    by: 'own',
    sample: async (api, own) => ({ path: `${await heldFor(api, own)}/void`, json: withId({ reason }) }),
  },
  signMandate: {
    by: 'own',
    sample: (_, own, other) => ({ path: walletPath(own, '/mandates'), json: mandateOf(other) }),
  },
  listMandates: {
    by: 'own',
    sample: (api, own) => {
      api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: walletPath(own, '/mandates') }
    },
  },
  listPayeeMandates: {
    by: 'own',
    sample: (api, own) => {
      api.payeeMandates = { mandates: [], followed: [{ shard: 0, seq: 9, timeMs: Date.now() }], more: false }
      return { path: `/v1/payees/${own.walletId}/mandates?status=active` }
    },
  },
  showMandate: { by: 'own', sample: async (api, own) => ({ path: await allowedTo(api, own) }) },
  cancelMandate: {
    by: 'own',
    sample: async (api, own) => {
      const path = `${await allowedBy(api, own, await api.openWallet())}/cancel`
      return { path, json: withId({ reason }) }
    },
  },
  collectMandate: {
    by: 'own',
    sample: async (api, own) => {
      const path = `${await allowedTo(api, own)}/collections`
      return { path, json: { collection_id: newId(), amount: '0.40' } }
    },
  },
  listMandatePayments: {
    by: 'own',
    sample: async (api, own) => {
      api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
      return { path: `${await allowedTo(api, own)}/payments` }
    },
  },
  showLimits: show('own', () => '/v1/limits'),
  showRiskPolicies: show('operator', () => '/v1/risk-rules'),
  putRiskPolicy: {
    by: 'operator',
    sample: () => {
      const rule = { kind: 'habit', action: 'refuse', factor: 20, amount: '50000.00' }
      const json = withId({ ...rule, effective_at: '2031-01-01T00:00:00Z', reason })
      return { path: '/v1/risk-rules', json }
    },
  },
  putSecondPerson: {
    by: 'operator',
    sample: () => ({ path: '/v1/risk-rules/second-person', json: withId({ required: false, reason }) }),
  },
  putStanding: {
    by: 'operator',
    sample: async (api) => {
      const stranger = await api.openWallet()
      return {
        path: walletPath(stranger, '/standing'),
        json: withId({ standing: 'suspended', cause: 'complaints', reason }),
      }
    },
  },
  showStanding: {
    by: 'operator',
    sample: (api, own) => {
      api.standings = []
      return { path: walletPath(own, '/standing') }
    },
  },
  openProposal: { by: 'operator', sample: () => ({ path: '/v1/proposals', json: proposalOf() }) },
  listProposals: {
    by: 'operator',
    sample: (api) => {
      api.proposals = []
      return { path: '/v1/proposals?limit=10' }
    },
  },
  approveProposal: {
    by: 'operator',
    sample: async (api) => ({ path: `/v1/proposals/${await newProposal(api)}/approve`, json: withId({ reason }) }),
  },
  rejectProposal: {
    by: 'operator',
    sample: async (api) => ({ path: `/v1/proposals/${await newProposal(api)}/reject`, json: withId({ reason }) }),
  },
  listPrincipals: show('operator', () => '/v1/principals'),
  putPrincipal: {
    by: 'operator',
    sample: () => {
      const json = withId({ role: 'institution', number: 9, active: false, public_key: '5a'.repeat(32), reason })
      return { path: '/v1/principals', json }
    },
  },
  showTotals: show('operator', () => '/v1/totals'),
}

/** What the list of operations says of one, the payment among them. */
export type Bound = {
  readonly name: string
  readonly method: string
  readonly request: string | undefined
  readonly answer: string
}

export const bound: readonly Bound[] = [
  ...operations.map(({ name, method, messages }) => ({
    name,
    method: method.toUpperCase(),
    request: messages.request,
    answer: messages.answer,
  })),
  { name: 'submitPayment', method: 'POST', request: 'PaymentRequest', answer: 'Payment' },
  { name: 'showPayLink', method: 'GET', request: undefined, answer: 'PayLinkState' },
]

export function signerOf(api: TestApi, asker: Asker, own: TestWallet, other: TestWallet) {
  if (asker === 'nobody') return undefined
  return asker === 'own' ? own.signer : asker === 'other' ? other.signer : api[asker].signer
}

/** The member's kind in the .proto: what is a number there is one in JSON. */
export function isNumber(request: string, member: string): boolean {
  return messageNamed(request).fields.find((field) => field.name === member)?.scalar === 13
}
