import { merchantTextBytesMax } from '../../actors/ledger/merchantRecords.ts'
import { badField } from './failure.ts'

/** What a merchant says of itself. The ledger keeps it in the log, not in its state. */
export type MerchantText = { name_zh?: string; name_en?: string; contact?: string; callback_url?: string }

/** @throws Failure when it is larger than the log takes */
export function encodeMerchantText(text: MerchantText): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(text))
  if (bytes.length > merchantTextBytesMax) {
    throw badField('callback_url', `makes the profile longer than ${merchantTextBytesMax} bytes`)
  }
  return bytes
}

/** What the journal keeps was written by an edge; a damaged one shows as a merchant that said nothing. */
export function readMerchantText(content: string | undefined): MerchantText {
  if (content === undefined) return {}
  try {
    const { name_zh, name_en, contact, callback_url } = JSON.parse(content) as MerchantText
    return {
      ...(name_zh === undefined ? {} : { name_zh }),
      ...(name_en === undefined ? {} : { name_en }),
      ...(contact === undefined ? {} : { contact }),
      ...(callback_url === undefined ? {} : { callback_url }),
    }
  } catch {
    return {}
  }
}
