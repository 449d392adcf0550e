import { encodeCommand, encodeTransit, joinBodies, systemHead } from '../../../actors/ledger/frameBuilder.ts'
import { bodyViews, type FrameInput } from '../../../actors/ledger/frameInput.ts'
import { Ledger } from '../../../actors/ledger/ledger.ts'
import { Outcomes } from '../../../actors/ledger/outcomes.ts'
import { frameKinds, principalRoles, senders } from '../../../actors/ledger/records.ts'
import type { ShardWriter } from '../population.ts'

const edgeNumber = 1
const institution = 1
const walletsMax = 131_072
const idsMax = 1_048_576

type Sender = { readonly sender: number; readonly senderNumber: number }
const edge: Sender = { sender: senders.edge, senderNumber: edgeNumber }
const connector: Sender = { sender: senders.connector, senderNumber: edgeNumber }

/** A region's ledgers in one thread, with no log below them: what is paid out of one shard is applied in the other. */
export class MemoryShards implements ShardWriter {
  readonly shardCount: number
  readonly ledgers: readonly Ledger[]
  readonly #outcomes: readonly Outcomes[]
  readonly #seqs: number[]
  #counter = 0
  /** The clock of log and senders. */
  nowMs = Date.now()

  constructor(shardCount: number) {
    this.shardCount = shardCount
    this.#seqs = new Array(shardCount).fill(0)
    this.#outcomes = Array.from({ length: shardCount }, () => new Outcomes())
    this.ledgers = this.#outcomes.map((out, shard) => Ledger.fromGenesis(this.#genesis(shard), out))
  }

  #genesis(shard: number): FrameInput {
    const hashKey = new Uint8Array(16).fill(7)
    const numbers = { shard, shardCount: this.shardCount, walletsMax, idsMax }
    const role = principalRoles.institution
    const body = joinBodies([
      encodeCommand('genesis', { ...systemHead, ...numbers, hashKey }),
      encodeCommand('principalPut', {
        ...systemHead,
        number: institution,
        role,
        active: 1,
        publicKey: new Uint8Array(32),
      }),
    ])
    return this.#frame(shard, frameKinds.commands, 2, body, { sender: senders.operator, senderNumber: 0 })
  }

  #frame(shard: number, kind: number, count: number, body: Uint8Array, from: Sender): FrameInput {
    this.#seqs[shard]! += 1
    return {
      ...bodyViews(body),
      ...from,
      seq: this.#seqs[shard]!,
      stampMs: this.nowMs,
      kind,
      incarnation: 1,
      counter: ++this.#counter,
      senderClockMs: this.nowMs,
      count,
    }
  }

  async append(shard: number, kind: number, count: number, body: Uint8Array): Promise<number> {
    return this.apply(shard, kind, count, body, edge)
  }

  async appendAsConnector(shard: number, kind: number, count: number, body: Uint8Array): Promise<number> {
    return this.apply(shard, kind, count, body, connector)
  }

  /** @throws Error when any of its commands is refused: figures speak of work that was done. */
  apply(shard: number, kind: number, count: number, body: Uint8Array, from: Sender = edge): number {
    const out = this.#outcomes[shard]!
    this.ledgers[shard]!.apply(this.#frame(shard, kind, count, body, from), out)
    if (out.skipped !== '') throw new Error(`shard ${shard} skipped a frame: ${out.skipped}`)
    for (let i = 0; i < out.count; i++) {
      if (out.code[i] !== 0) throw new Error(`shard ${shard} refused a command with code ${out.code[i]}`)
    }
    return this.#seqs[shard]!
  }

  /** Credits in the other shards what `shard` has paid out since the last time. */
  deliver(shard: number): void {
    for (const [destination, lane] of this.ledgers[shard]!.state.lanes.entries()) {
      const { kept, next } = lane
      if (next === kept) continue
      const body = encodeTransit(shard, 0, lane, kept, next - kept)
      lane.trim(next)
      const from = { sender: senders.shard, senderNumber: shard }
      this.apply(destination, frameKinds.transit, next - kept, body, from)
    }
  }
}
