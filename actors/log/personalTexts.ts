import type { Blobs } from './blobs.ts'

const purpose = 'postgres/personal'

/**
 * How what people write goes through the log into Postgres: sealed under the key for personal data, and bound to what it
 * is of, so that one that was copied to something else opens nowhere.
 */
export class PersonalTexts<Of> {
  readonly #blobs: Blobs
  readonly #bindingOf: (of: Of) => string

  constructor(blobs: Blobs, bindingOf: (of: Of) => string) {
    this.#blobs = blobs
    this.#bindingOf = bindingOf
  }

  seal(of: Of, text: string): Uint8Array {
    return this.#blobs.sealBlob(purpose, new TextEncoder().encode(text), this.#bindingOf(of))
  }

  /** @throws SealError when it is of something else, was changed, or its key is not known (yet). */
  open(of: Of, sealed: Uint8Array): string {
    return new TextDecoder().decode(this.#blobs.openBlob(purpose, sealed, this.#bindingOf(of)))
  }
}

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex')

/** Whose command it was, as the ledger counts ids, and the command's id: no other has both. */
export type NamedBy = { readonly actor: number; readonly commandId: Uint8Array }

/** Legal names, each of the command that brought it. */
export const legalNames = (blobs: Blobs): PersonalTexts<NamedBy> =>
  new PersonalTexts(blobs, ({ actor, commandId }) => `user-name/${actor}/${hex(commandId)}`)

/** The payment that a case is about. */
export type PaymentOf = { readonly payer: number; readonly paymentId: Uint8Array }

/** What payers say about wrong transfers. */
export const caseTexts = (blobs: Blobs): PersonalTexts<PaymentOf> =>
  new PersonalTexts(blobs, ({ payer, paymentId }) => `dispute/${payer}/${hex(paymentId)}`)

/** The sub-user that a label is of, and the id of the command. */
export type LabelOf = { readonly merchant: number; readonly number: number; readonly commandId: Uint8Array }

/** What merchants call their sub-users: often it is somebody's name. */
export const userLabels = (blobs: Blobs): PersonalTexts<LabelOf> =>
  new PersonalTexts(blobs, ({ merchant, number, commandId }) => `merchant-user/${merchant}/${number}/${hex(commandId)}`)
