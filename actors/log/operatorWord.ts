import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** What may be lost for good is given up by these words of two operators, each with a key of its own. */
export type LossStatement = {
  readonly shard: number
  /** The epoch that ends: the same words mean nothing in a later one. */
  readonly epoch: number
  /** Region that goes on without what only the other one knew. */
  readonly region: string
}

export type OperatorWord = {
  /** Number of the operator, as the ledger knows the key. */
  readonly operator: number
  /** Ed25519 over `lossStatementBytes`, in base64url. */
  readonly signature: string
}

const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')

/** What is signed: a person who reads it sees what it does. */
export function lossStatementBytes({ shard, epoch, region }: LossStatement): Uint8Array {
  return new TextEncoder().encode(`jiaozi-accept-loss-v1\nshard ${shard}\nepoch ${epoch}\nregion ${region}\n`)
}

export function signLoss(statement: LossStatement, operator: number, key: KeyObject): OperatorWord {
  return { operator, signature: sign(null, lossStatementBytes(statement), key).toString('base64url') }
}

/**
 * The operators who surely said it, each once.
 * @param keyOf an operator's Ed25519 key of 32 bytes, or undefined when the operator may not act
 */
export function operatorsWhoSaid(
  statement: LossStatement,
  words: readonly OperatorWord[],
  keyOf: (operator: number) => Uint8Array | undefined,
): Set<number> {
  const bytes = lossStatementBytes(statement)
  const said = words.filter(({ operator, signature }) => {
    const key = keyOf(operator)
    if (key === undefined) return false
    const spki = Buffer.concat([ed25519Prefix, key])
    return verify(
      null,
      bytes,
      createPublicKey({ key: spki, format: 'der', type: 'spki' }),
      Buffer.from(signature, 'base64url'),
    )
  })
  return new Set(said.map(({ operator }) => operator))
}
