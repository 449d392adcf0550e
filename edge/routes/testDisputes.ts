import { newId } from '../client/node.ts'
import type { TestApi, TestWallet } from './testApi.ts'
import type { SampleOf } from './testOperations.ts'
import { accountNo, merchantPath, paymentOf, walletPath, withId } from './testThings.ts'

/** Samples of payouts by rule and of wrong transfers. */
export const disputeSamples: Readonly<Record<string, SampleOf>> = {
  putPayoutRule: {
    by: 'own',
    sample: async (api, own) => {
      const { body } = await api.link(own, accountNo)
      const rule = { link_id: body.link_id, at: '02:30', floor: '100.00', reserve: '50.00' }
      return { path: merchantPath(own, '/payout-rule'), json: withId(rule) }
    },
  },
  showPayoutRule: { by: 'own', sample: async (api, own) => ({ path: await ruledPayout(api, own) }) },
  endPayoutRule: { by: 'own', sample: async (api, own) => ({ path: await ruledPayout(api, own) }) },
  openDispute: {
    by: 'own',
    sample: async (api, own, other) => {
      const json = withId({ reason: 'I meant another wallet' })
      return { path: walletPath(own, `/payments/${await wrongPayment(api, own, other)}/dispute`), json }
    },
  },
  withdrawDispute: {
    by: 'own',
    sample: async (api, own, other) => {
      const path = await disputed(api, own, other)
      return { path: `${path}/withdraw`, json: withId() }
    },
  },
  listDisputes: {
    by: 'own',
    sample: (api, own) => {
      api.disputes = []
      return { path: walletPath(own, '/disputes') }
    },
  },
  consentDispute: {
    by: 'own',
    sample: async (api, own, other) => ({
      path: `${await caseAgainst(api, own, other)}/consent`,
      json: { return_id: newId() },
    }),
  },
  declineDispute: {
    by: 'own',
    sample: async (api, own, other) => ({ path: `${await caseAgainst(api, own, other)}/decline`, json: withId() }),
  },
}

/** Where the rule stands by which a merchant is paid out. */
async function ruledPayout(api: TestApi, own: TestWallet): Promise<string> {
  const { body } = await api.link(own, accountNo)
  const json = withId({ link_id: body.link_id, at: '02:30', floor: '100.00', reserve: '50.00' })
  const path = merchantPath(own, '/payout-rule')
  const told = await api.ask('PUT', path, { by: own.signer, json })
  if (told.status !== 200) throw new Error(`no rule was set: ${JSON.stringify(told.body)}`)
  return path
}

/** Id of a payment of one yuan that the journal knows. */
async function wrongPayment(api: TestApi, payer: TestWallet, payee: TestWallet): Promise<string> {
  await api.fund(payer, '5.00', accountNo)
  const json = paymentOf(payer, payee)
  const { body } = await api.ask('POST', '/v1/payments', { json })
  const executed = { ...(body.position as { shard: number; seq: number; index: number }), timeMs: Date.now() - 1_000 }
  const [from, to] = [payer, payee].map(({ walletId }) => Number(walletId.slice(1))) as [number, number]
  const of = { code: 0, complete: true, executed, digest: new Uint8Array(16), amountFen: 100, payer: from, payee: to }
  const id = String(json.payment_id)
  api.journal = [{ ...of, id: Buffer.from(id.replaceAll('-', ''), 'hex') }]
  return id
}

/** Where a payer's case stands. */
async function disputed(api: TestApi, payer: TestWallet, payee: TestWallet): Promise<string> {
  const path = walletPath(payer, `/payments/${await wrongPayment(api, payer, payee)}/dispute`)
  const told = await api.ask('POST', path, { by: payer.signer, json: withId({ reason: 'I meant another wallet' }) })
  if (told.status !== 201) throw new Error(`no case was opened: ${JSON.stringify(told.body)}`)
  return path
}

/** Where a case against a wallet is answered. */
async function caseAgainst(api: TestApi, payee: TestWallet, payer: TestWallet): Promise<string> {
  const path = await disputed(api, payer, payee)
  const [, , , , , paymentId] = path.split('/')
  return walletPath(payee, `/disputes/${payer.walletId}/${paymentId}`)
}
