import type { Evidence } from '../../actors/log/evidence.ts'

/** A payment as the gateway takes it: checked in form, its signature verified against the key of `keyVersion`. */
export type PaymentSubmission = {
  readonly payer: number
  readonly payee: number
  readonly amountFen: number
  readonly id: Uint8Array
  readonly requestedMs: number
  readonly keyVersion: number
  readonly evidence: Evidence
  /** Number that the payee's shard gave the order that is paid. */
  readonly order?: number | undefined
}

/** A rare command: its bytes are made once the gateway has given it a number. */
export type CommandSubmission = {
  readonly encode: (token: number) => Uint8Array
  readonly evidence: Evidence
}

/** The part of a batch that one shard carries out: a frame of its own, without records where it only takes in the id. */
export type BatchSubmission = {
  /** Records in the part. */
  readonly count: number
  readonly encode: (token: number) => Uint8Array
  readonly evidence: Evidence
}

export type ShardPart = { readonly shard: number; readonly submission: BatchSubmission }

/** Where in its shard's log a command was executed, and the log's time then. */
export type Executed = { shard: number; seq: number; index: number; timeMs: number }

/** Why a request surely did nothing. */
export type NotSent = 'disconnected' | 'no-leader' | 'log-full' | 'too-many' | 'draining' | 'frame-refused'

/**
 * What became of one record.
 * `unknown`: it may have been executed, or may yet be; only the same id asked again can tell.
 * `not-sent`: nothing of it is in any log.
 */
export type Submitted =
  | {
      readonly kind: 'answered'
      readonly code: number
      /** As in the ledger's outcomes: 0 final, n + 1 on its way to shard n, 255 with the bank. */
      readonly destination: number
      readonly value: number
      readonly repeated: boolean
      readonly executed: Executed
    }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-sent'; readonly why: NotSent }
