import { OpenAPIHono } from '@hono/zod-openapi'
import { bindConsole } from '../console/consolePages.ts'
import { readBody } from '../content.ts'
import { bindPayPages } from '../pay/payPages.ts'
import { bindWalletPages } from '../pay/walletPages.ts'
import { auditOperations } from './audit.ts'
import { captureOperations } from './captures.ts'
import { collectionOperations } from './collections.ts'
import { disputeOperations } from './disputes.ts'
import { docsHtml, docsPolicy, docsScript, docsStyle } from './docsPage.ts'
import { drillOperations } from './drills.ts'
import { entryOperations } from './entries.ts'
import { Failure } from './failure.ts'
import { holdOperations } from './holds.ts'
import { keyRecoveryOperations } from './keyRecoveries.ts'
import { limitOperations } from './limits.ts'
import { linkedAccountOperations } from './linkedAccounts.ts'
import { bindLive, describeLive } from './liveRegion.ts'
import { mandateOperations } from './mandates.ts'
import { merchantListOperations } from './merchantList.ts'
import { merchantOperations } from './merchants.ts'
import { merchantUserOperations } from './merchantUsers.ts'
import { describe, describeBatch, describePayLink, describePayment, documentOf } from './openapi.ts'
import type { Operation } from './operation.ts'
import { orderOperations } from './orders.ts'
import { payeeMandateOperations } from './payeeMandates.ts'
import { payeeOperations } from './payees.ts'
import { paymentSearchOperations } from './paymentSearch.ts'
import { paymentOperations } from './payments.ts'
import { payoutRuleOperations } from './payoutRules.ts'
import { principalOperations } from './principals.ts'
import { proposalOperations } from './proposals.ts'
import { qrCodeOperations } from './qrCodes.ts'
import { receiptOperations } from './receipts.ts'
import { rechargeOperations } from './recharges.ts'
import { reconciliationOperations } from './reconciliations.ts'
import { redemptionOperations } from './redemptions.ts'
import { refundOperations } from './refunds.ts'
import { regionOperations } from './region.ts'
import { riskOperations } from './riskPolicies.ts'
import { standingOperations } from './standings.ts'
import { statementOperations } from './statements.ts'
import { submitBatch } from './submitBatch.ts'
import { submitPayment } from './submitPayment.ts'
import { totalsOperations } from './totals.ts'
import { userOperations } from './users.ts'
import { walletEventOperations } from './walletEvents.ts'
import { walletKeyOperations } from './walletKeyChanges.ts'
import { walletOperations } from './wallets.ts'
import { answer, bind, type Web } from './web.ts'
import { webhookSecretOperations } from './webhookSecrets.ts'
import { webhookOperations } from './webhooks.ts'

export const apiVersion = '1.0.0'

/** Everything the API can do but payments and their batches, whose paths are bound by hand. */
export const operations: readonly Operation[] = [
  ...userOperations,
  ...walletOperations,
  ...walletKeyOperations,
  ...keyRecoveryOperations,
  ...linkedAccountOperations,
  ...rechargeOperations,
  ...redemptionOperations,
  ...payeeOperations,
  ...paymentOperations,
  ...merchantOperations,
  ...merchantUserOperations,
  ...merchantListOperations,
  ...webhookSecretOperations,
  ...webhookOperations,
  ...orderOperations,
  ...qrCodeOperations,
  ...refundOperations,
  ...holdOperations,
  ...captureOperations,
  ...mandateOperations,
  ...payeeMandateOperations,
  ...collectionOperations,
  ...entryOperations,
  ...walletEventOperations,
  ...receiptOperations,
  ...payoutRuleOperations,
  ...disputeOperations,
  ...statementOperations,
  ...limitOperations,
  ...riskOperations,
  ...standingOperations,
  ...proposalOperations,
  ...principalOperations,
  ...totalsOperations,
  ...paymentSearchOperations,
  ...auditOperations,
  ...reconciliationOperations,
  ...regionOperations,
  ...drillOperations,
]

/** Whether the edge runs, and whether it can do its work now. */
export type Health = { ready(): { ready: boolean; detail: Record<string, unknown> } }

/** The API as one application; it opens no socket by itself. */
export function createApp(web: Web, health: Health): OpenAPIHono {
  const app = new OpenAPIHono()
  app.post('/v1/payments', (c) =>
    answer(web, 'submitPayment', 'Payment', c, (known) => submitPayment(web, c, () => readBody(c.req.raw), known)),
  )
  describePayment(app)
  bindPayPages(app, web)
  if (web.development !== undefined) bindWalletPages(app, web, web.development)
  describePayLink(app)
  app.post('/v1/payment-batches', (c) => answer(web, 'submitBatch', '', c, () => submitBatch(web, c)))
  describeBatch(app)
  for (const operation of operations) {
    describe(app, operation)
    bind(app, web, operation)
  }
  bindLive(app, web)
  describeLive(app)
  bindHealth(app, health)
  bindDocs(app)
  bindConsole(app, web)
  app.notFound((c) => answer(web, 'notFound', '', c, () => Promise.reject(nothingHere(c.req.method, c.req.path))))
  app.onError((error, c) => answer(web, 'failed', '', c, () => Promise.reject(error)))
  return app
}

/** A path that exists is told apart from one that does not, so that a wrong method is seen as such. */
function nothingHere(method: string, path: string): Failure {
  const fits = (pattern: string): boolean => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
  const bound = [
    ...operations,
    { method: 'post', path: '/v1/payments' },
    { method: 'post', path: '/v1/payment-batches' },
    { method: 'get', path: '/v1/pay-links/{token}' },
  ]
  const allow = bound.filter((one) => fits(one.path)).map((one) => one.method.toUpperCase())
  const detail = `${method} ${path.slice(0, 200)}`
  return allow.length > 0 ? new Failure('method-not-allowed', { detail, allow }) : new Failure('not-found', { detail })
}

function bindHealth(app: OpenAPIHono, health: Health): void {
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', (c) => {
    const { ready, detail } = health.ready()
    return c.json({ ready, ...detail }, ready ? 200 : 503)
  })
}

function bindDocs(app: OpenAPIHono): void {
  const document = JSON.stringify(documentOf(app, apiVersion))
  const send = (type: string, text: string) => () =>
    new Response(text, {
      headers: {
        'content-type': type,
        'content-security-policy': docsPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    })
  app.get('/openapi.json', send('application/json', document))
  app.get('/docs', send('text/html; charset=utf-8', docsHtml))
  app.get('/docs/style.css', send('text/css; charset=utf-8', docsStyle))
  app.get('/docs/show.js', send('text/javascript; charset=utf-8', docsScript))
}
