import type { Beat, Vouch } from './peerMessages.ts'
import type { ShardOwnership } from './shardOwnership.ts'

/** How long the owner stands still for a standby that does not say that it does. */
const agreeMsMax = 1_000
/** How long a standby stands still after the owner's last word of a move. */
const heldMsMax = 1_500

export type MoveAgreementOptions = {
  readonly ownership: ShardOwnership
  readonly monotonicMs: () => number
  /** Tells the other region at once how this replica stands. */
  readonly say: () => void
}

/**
 * Before a move both replicas stand still at one place, so that neither has to roll back: the owner stops and says where,
 * the standby goes so far and stops there, or where it stands beyond. Nothing depends on it but speed.
 */
export class MoveAgreement {
  readonly #o: MoveAgreementOptions
  #epoch = 0
  #untilMs = 0
  #moveAt: number | undefined
  /** Standby: that it stands still, and where once its own log has said where it ends. */
  #standing: { held?: Vouch['held'] } | undefined

  constructor(options: MoveAgreementOptions) {
    this.#o = options
  }

  /** Owner: where it stands, and waits for the standby to. */
  get moveAt(): number | undefined {
    return this.#moveAt
  }

  /** Standby: where it stands for the owner; undefined while it cannot say. */
  get held(): Vouch['held'] {
    return this.#standing?.held
  }

  /** Owner: begins a move; it is asked for once the standby has said where it stands. */
  begin(): void {
    const { ownership, monotonicMs, say } = this.#o
    if (this.#moveAt !== undefined) return
    this.#standing = undefined
    this.#epoch = ownership.state.record!.epoch
    this.#moveAt = ownership.state.applied
    this.#untilMs = monotonicMs() + agreeMsMax
    ownership.standAt(this.#moveAt)
    say()
  }

  /** Owner: the standby stands still. */
  onHeld({ epoch, held }: Vouch): void {
    const { ownership } = this.#o
    if (held === undefined || this.#moveAt === undefined || epoch !== this.#epoch || this.#moves) return
    ownership.tell({ kind: 'move', position: held.position, first: held.ownLast + 1 })
    // From here on the place that was agreed upon holds it, which may lie further on.
    if (this.#moves) ownership.standAt(undefined)
  }

  get #moves(): boolean {
    return this.#o.ownership.state.intent === 'move'
  }

  /** Standby: the owner wants to move, or no longer. */
  onBeat({ epoch, moveAt }: Beat): void {
    const { ownership, monotonicMs } = this.#o
    if (moveAt === undefined) {
      if (this.#standing !== undefined) this.#goOn()
      return
    }
    if (epoch !== ownership.state.record?.epoch) return
    if (epoch !== this.#epoch) this.#standing = undefined
    this.#epoch = epoch
    this.#untilMs = monotonicMs() + heldMsMax
    if (this.#standing === undefined) void this.#standStill(moveAt)
  }

  async #standStill(moveAt: number): Promise<void> {
    const { ownership, say } = this.#o
    const position = Math.max(moveAt, ownership.state.applied)
    const standing: { held?: Vouch['held'] } = {}
    this.#standing = standing
    ownership.standAt(position)
    const ends = await ownership.ends()
    // It went on meanwhile. Where the record has changed nobody stands still any more; the next round forgets it.
    if (this.#standing !== standing || ownership.state.record?.epoch !== this.#epoch) return
    if (ends === undefined) {
      this.#goOn()
      return
    }
    standing.held = { position, ownLast: ends.own }
    say()
  }

  /** To be called in rounds: nobody stands still for ever. */
  round(): void {
    const { ownership, monotonicMs } = this.#o
    if (this.#moveAt === undefined && this.#standing === undefined) return
    const over = monotonicMs() > this.#untilMs && !this.#moves
    if (over || ownership.state.record?.epoch !== this.#epoch) this.#goOn()
  }

  #goOn(): void {
    this.#moveAt = undefined
    this.#standing = undefined
    this.#o.ownership.standAt(undefined)
  }
}
