import { answerQuery } from '../../actors/host/queryAnswers.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { KeyRing } from '../../actors/log/keyRing.ts'
import type { Query } from '../../actors/log/queries.ts'
import { Replica } from '../../actors/log/replica.ts'
import { createOpener } from '../../actors/log/sealing.ts'
import { ShardUnavailable } from '../gateway/ports.ts'

type Copy = { readonly replica: Replica; readonly heardMs: number }

/** Copies of shards as a region keeps them that does not own them: they stand where they were taken, and grow older. */
export class StandbyCopies {
  readonly #ring: KeyRing
  readonly #copies = new Map<number, Copy>()

  constructor(ring: KeyRing) {
    this.#ring = ring
  }

  take({ shard, seq, epoch, chain, ledger }: Replica): void {
    const replica = new Replica(shard, createOpener(this.#ring, { shard }))
    replica.restore({ seq, epoch, chain }, ledger.state.sections())
    this.#copies.set(shard, { replica, heardMs: performance.now() })
  }

  /** @throws ShardUnavailable when there is none */
  answer(shard: number, message: Uint8Array): Uint8Array {
    const copy = this.#copies.get(shard)
    if (copy === undefined) throw new ShardUnavailable(shard, 'no-leader')
    const ageMs = performance.now() - copy.heardMs
    return encodeJson(answerQuery(copy.replica, decodeJson(message) as Query, () => false, ageMs))
  }
}
