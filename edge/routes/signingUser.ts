import { z } from '@hono/zod-openapi'
import type { OrderView } from '../../actors/ledger/orderViews.ts'

/** Which sub-user of a merchant did something; its version says which of those that ever had the number. */
export const byField = z.object({ user_no: z.int(), version: z.int() }).optional().openapi('SigningUser', {
  description: 'Sub-user of the merchant that signed it; left out when its own key or its institution did',
})

export function byBody({ user, userVersion }: Pick<OrderView, 'user' | 'userVersion'>): Record<string, unknown> {
  return user === 0 ? {} : { by: { user_no: user, version: userVersion } }
}
