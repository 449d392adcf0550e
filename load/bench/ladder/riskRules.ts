import { readFileSync } from 'node:fs'
import { type Client, newId, principalSigner } from '../../../edge/client/node.ts'
import { untilDecided } from '../../demo/asking.ts'
import type { RegionFacts } from '../../region.ts'

/** Every kind of rule, each so wide that nobody is refused: what they cost is to be measured. */
const wide = { action: 'refuse', reason: 'to be measured' } as const
const riskRules = [
  ...['payer-frequency', 'device-frequency', 'merchant-frequency'].map((kind) => {
    return { ...wide, kind, window: '1m', payments_max: 1_000_000_000 }
  }),
  { ...wide, kind: 'habit', factor: 1_000, amount: '50000.00' },
  { ...wide, kind: 'new-device', age_seconds: 1, amount: '50000.00' },
  { ...wide, kind: 'new-linked-account', age_seconds: 1, amount: '50000.00' },
]

export const riskRulesNote = 'six risk rules in force, one of each kind, so wide that nobody is refused'

/** Puts risk rules into force by which every payment from now on is judged. */
export async function setRiskRules(facts: RegionFacts, plain: Client): Promise<void> {
  const client: Client = { call: (...request) => untilDecided(() => plain.call(...request)) }
  const operator = principalSigner('operator:1', readFileSync(facts.operatorKeyFile, 'utf8'))
  for (const rule of riskRules) {
    await client.call(operator, 'PUT', '/v1/risk-rules', { ...rule, request_id: newId() })
  }
}
