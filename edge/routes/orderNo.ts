import { z } from '@hono/zod-openapi'
import { orderNoBytes } from '../../actors/ledger/orderRecords.ts'

const pattern = /^[0-9A-Za-z_.-]{1,32}$/

export const orderNoMessage = 'must be 1 to 32 letters, digits, "_", "." or "-"'

export const isOrderNo = (text: string): boolean => pattern.test(text)

/** An order's number as its merchant writes it. */
export const orderNoField = z.string().regex(pattern, orderNoMessage).openapi({
  description: "The merchant's own number of the order, unique for the merchant",
  example: 'T-20261126-0001',
})

/** The bytes that the ledger knows an order's number by. */
export function orderNoIn(text: string): Uint8Array {
  const bytes = new Uint8Array(orderNoBytes)
  bytes.set(new TextEncoder().encode(text))
  return bytes
}
