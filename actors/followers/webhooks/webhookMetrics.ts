import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Deliverer } from './deliverer.ts'

export type WebhookMetrics = {
  readonly registry: Registry
  readonly onEnded: (outcome: 'delivered' | 'failed' | 'dead' | 'unaddressed', durationMs: number) => void
}

export function webhookMetrics(deliverer: () => Deliverer | undefined): WebhookMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const ended = new Counter({
    name: 'jiaozi_webhooks_ended_total',
    help: 'Tries to tell a merchant, by what they came to',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'jiaozi_webhook_call_seconds',
    help: 'Time that a call to a merchant took',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  })
  new Gauge({
    name: 'jiaozi_webhook_calls',
    help: 'Calls to merchants under way',
    registers: [registry],
    collect() {
      this.set(deliverer()?.calls ?? 0)
    },
  })
  new Gauge({
    name: 'jiaozi_webhook_merchants_broken',
    help: 'Merchants that are left alone for a while, since they do not answer',
    registers: [registry],
    collect() {
      this.set(deliverer()?.broken ?? 0)
    },
  })
  return {
    registry,
    onEnded: (outcome, durationMs) => {
      ended.inc({ outcome })
      if (outcome !== 'unaddressed') seconds.observe(durationMs / 1_000)
    },
  }
}
