import { orderTextBytesMax } from '../../actors/ledger/orderRecords.ts'
import { badField } from './failure.ts'

/** What an order says to people and programs beside its amount. The ledger keeps it in the log, not in its state. */
export type OrderText = { description?: string; goods?: string; callback_url?: string }

/** @throws Failure when it is larger than the log takes */
export function encodeOrderText(text: OrderText): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(text))
  if (bytes.length > orderTextBytesMax) {
    throw badField('goods', `makes the texts of the order longer than ${orderTextBytesMax} bytes`)
  }
  return bytes
}

/** What the journal keeps was written by an edge; a damaged one shows as an order without texts. */
export function readOrderText(content: string | undefined): OrderText {
  if (content === undefined) return {}
  try {
    const { description, goods, callback_url } = JSON.parse(content) as OrderText
    return {
      ...(description === undefined ? {} : { description }),
      ...(goods === undefined ? {} : { goods }),
      ...(callback_url === undefined ? {} : { callback_url }),
    }
  } catch {
    return {}
  }
}
