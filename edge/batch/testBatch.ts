import { encodeBatch } from '../../actors/ledger/frameBuilder.ts'
import { parseCommandId, parseWalletId } from '../../actors/ledger/ids.ts'
import { batchFlags } from '../../actors/ledger/records.ts'

/** A batch as tests write it, in either of its forms. */
export type TestBatch = {
  readonly batchId: string
  readonly requestedAt: string
  readonly atomic?: boolean
  readonly institution?: number
  readonly records: readonly { payer: string; payee: string; amount: string; authorisation?: number }[]
}

export function binaryOf({ batchId, requestedAt, atomic, institution = 1, records }: TestBatch): Uint8Array {
  const header = {
    id: parseCommandId(batchId)!,
    digestHigh: 0,
    digestLow: 0,
    institution,
    flags: atomic === true ? batchFlags.atomic : 0,
    requestedMs: Date.parse(requestedAt),
    token: 0,
  }
  const fields = records.map(({ payer, payee, amount, authorisation = 7 }, index) => ({
    payer: parseWalletId(payer)!.number,
    payee: parseWalletId(payee)!.number,
    amount: Number(amount.replace('.', '')),
    authorisation,
    index,
  }))
  return encodeBatch(header, fields)
}

export function linesOf({ batchId, requestedAt, atomic, records }: TestBatch): string {
  const header = { batch_id: batchId, requested_at: requestedAt, ...(atomic === undefined ? {} : { atomic }) }
  const lines = records.map(({ payer, payee, amount, authorisation = 7 }) => ({
    payer_wallet: payer,
    payee_wallet: payee,
    amount,
    authorisation,
  }))
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
}
