import { encodeCommand, joinBodies } from '../../actors/ledger/frameBuilder.ts'
import { paymentRecord, signers } from '../../actors/ledger/records.ts'
import {
  assertionBytes,
  type Evidence,
  evidenceRecord,
  writeAssertion,
  writeEvidence,
} from '../../actors/log/evidence.ts'
import type { BatchSubmission, CommandSubmission, PaymentSubmission } from './submission.ts'

const paymentWords = paymentRecord.size >>> 3
const P = paymentRecord.at

/** A record together with the edge's number for it. */
export type Numbered<T> = { readonly token: number; readonly submission: T }

/** Body of a frame of payments, written straight to its place: this runs for every payment there is. */
export function paymentsBody(records: readonly Numbered<PaymentSubmission>[]): Uint8Array {
  const u8 = new Uint8Array(records.length * paymentRecord.size)
  const u32 = new Uint32Array(u8.buffer)
  const f64 = new Float64Array(u8.buffer)
  for (let i = 0; i < records.length; i++) {
    const { token, submission } = records[i]!
    const word = i * paymentWords
    const { digest, device } = submission.evidence
    u32[word * 2 + (P.keyVersion >>> 2)] = submission.keyVersion
    u32[word * 2 + (P.device >>> 2)] = deviceWord(device)
    f64[word + (P.payer >>> 3)] = submission.payer
    f64[word + (P.payee >>> 3)] = submission.payee
    f64[word + (P.amount >>> 3)] = submission.amountFen
    u8.set(submission.id, word * 8 + P.id)
    u32[word * 2 + (P.digestHigh >>> 2)] = digestWord(digest, 0)
    u32[word * 2 + (P.digestLow >>> 2)] = digestWord(digest, 4)
    f64[word + (P.requestedMs >>> 3)] = submission.requestedMs
    f64[word + (P.token >>> 3)] = token
  }
  return u8
}

/** A payment that names an order goes into the log as a command. */
export function orderSubmission(payment: PaymentSubmission, order: number): CommandSubmission {
  const { payer, payee, amountFen: amount, id, requestedMs, keyVersion, evidence } = payment
  const [digestHigh, digestLow] = [digestWord(evidence.digest, 0), digestWord(evidence.digest, 4)]
  const device = deviceWord(evidence.device)
  const by = { signer: signers.walletKey, keyVersion, actor: payer, principal: 0, id, digestHigh, digestLow }
  const encode = (token: number): Uint8Array =>
    encodeCommand('orderPayment', { ...by, token, payer, payee, amount, requestedMs, order, device })
  return { encode, evidence }
}

/** Body of a frame of rare commands. */
export function commandsBody(records: readonly Numbered<CommandSubmission>[]): Uint8Array {
  return joinBodies(records.map(({ token, submission }) => submission.encode(token)))
}

/** Body of a frame that holds one batch's part. */
export function batchBody(records: readonly Numbered<BatchSubmission>[]): Uint8Array {
  const [{ token, submission }] = records as [Numbered<BatchSubmission>]
  return submission.encode(token)
}

/** Four bytes of a digest as the number that the records carry, the first byte highest. */
export function digestWord(digest: Uint8Array, at: number): number {
  return ((digest[at]! << 24) | (digest[at + 1]! << 16) | (digest[at + 2]! << 8) | digest[at + 3]!) >>> 0
}

/** What the ledger tells a device by: enough to count by, too little to find it again. Zero when none was told. */
export function deviceWord(device: Uint8Array): number {
  return digestWord(device, 0)
}

type Evidenced = Numbered<{ readonly evidence: Evidence }>

/** The evidence section of a frame: a row for each of its records, then what passkeys have signed. */
export function evidenceSection(records: readonly Evidenced[]): Uint8Array {
  const rowsBytes = records.length * evidenceRecord.size
  let assertionsBytes = 0
  for (let i = 0; i < records.length; i++) assertionsBytes += assertionBytes(records[i]!.submission.evidence)
  const section = new Uint8Array(rowsBytes + assertionsBytes)
  const view = new DataView(section.buffer)
  for (let i = 0; i < records.length; i++) {
    writeEvidence(section, view, i * evidenceRecord.size, records[i]!.submission.evidence)
  }
  if (assertionsBytes > 0) writeAssertions(section, view, rowsBytes, records)
  return section
}

function writeAssertions(section: Uint8Array, view: DataView, from: number, records: readonly Evidenced[]): void {
  let offset = from
  for (let i = 0; i < records.length; i++) {
    const { assertion } = records[i]!.submission.evidence
    if (assertion !== undefined) offset = writeAssertion(section, view, offset, i, assertion)
  }
}
