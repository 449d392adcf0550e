import type { TestWallet } from './testApi.ts'
import type { SampleOf } from './testOperations.ts'
import { reason, walletPath, withId } from './testThings.ts'

const show = (by: SampleOf['by'], path: (own: TestWallet) => string): SampleOf => ({
  by,
  sample: (_, own) => ({ path: path(own) }),
})

/** Good requests of operators: what they look for, and the rules that they set. */
export const operatorSamples: Readonly<Record<string, SampleOf>> = {
  searchPayments: show('operator', (own) => `/v1/payments?wallet_id=${own.walletId}&amount_min=1.00&outcome=accepted`),
  showTrail: show('operator', (own) => walletPath(own, '/payments/00010203-0405-7007-8009-0a0b0c0d0e0f/trail')),
  listActs: show('operator', (own) => `/v1/audit?wallet_id=${own.walletId}&operator=1&act=walletStatus`),
  listReconciliations: show('operator', () => '/v1/reconciliations'),
  showRegion: show('operator', () => '/v1/region'),
  listDrills: show('operator', () => '/v1/drills?limit=5'),
  showDrill: show('operator', () => '/v1/drills/planned-move-2026-11-26T041248'),
  listMerchants: show('operator', () => '/v1/merchants?search=M1&limit=5'),
  putRefundRule: {
    by: 'operator',
    sample: () => ({
      path: '/v1/limits/refunds',
      json: withId({ days: 14, reason, effective_at: '2031-01-01T00:00:00Z' }),
    }),
  },
  putRecoveryRule: {
    by: 'operator',
    sample: () => {
      const rule = { minutes: 60, reason, effective_at: '2031-01-01T00:00:00Z' }
      return { path: '/v1/limits/recoveries', json: withId(rule) }
    },
  },
  putLimits: {
    by: 'operator',
    sample: () => {
      const effective_at = '2031-01-01T00:00:00Z'
      const limits = { balance: '20000', single: '5000.00', day: '10000', year: '100000' }
      return { path: '/v1/limits', json: withId({ class: 3, effective_at, reason, ...limits }) }
    },
  },
  putRiskRule: {
    by: 'operator',
    sample: () => {
      const rule = { percent: 50, recharges_per_day_max: 5, payments_per_day_max: 50 }
      const effective_at = '2031-01-01T00:00:00Z'
      return { path: '/v1/limits/risk-levels', json: withId({ level: 1, effective_at, reason, ...rule }) }
    },
  },
}
