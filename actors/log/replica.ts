import type { Section } from '../ledger/columns.ts'
import { bodyViews, type FrameInput } from '../ledger/frameInput.ts'
import { Ledger } from '../ledger/ledger.ts'
import { Outcomes, type Watch } from '../ledger/outcomes.ts'
import { senders } from '../ledger/records.ts'
import { State } from '../ledger/state.ts'
import { chainStart, chainTag, nextChain } from './chain.ts'
import { decodeFrame, FrameError } from './frame.ts'
import { SealError } from './sealError.ts'
import type { OpenedFrame, Opener } from './sealing.ts'
import type { LogEntry } from './shardLog.ts'
import { parseSubject } from './subjects.ts'

/** Transit records carry the edge's number in 16 bits. */
const edgeNumberMax = 0xffff

/** Who sent a frame, as the ledger judges it. */
type Sender = { sender: number; number: number }

/** A frame that was applied: what the replica's sink acts on. Valid until the next entry is applied. */
export type Applied = {
  entry: LogEntry
  frame: FrameInput
  /** As opened: header, and evidence for who may open it. Absent when the frame could not be read. */
  opened: OpenedFrame | undefined
  out: Outcomes
}

/** Where a replica stands: enough, with its sections, to go on elsewhere. `epoch` is of the entry that stands there. */
export type ReplicaPosition = { seq: number; epoch: number; chain: Uint8Array }

/**
 * A ledger that follows one shard's log. Leader, standby, projector, reconciliation and backup are all this, each with
 * another sink: the same entries make the same state in every one of them.
 */
export class Replica {
  readonly shard: number
  readonly out: Outcomes
  readonly #opener: Opener
  readonly #senders = new Map<string, Sender | undefined>()
  readonly #frame: FrameInput
  #ledger: Ledger | undefined
  #seq = 0
  #epoch = 0
  #chain = chainStart

  constructor(shard: number, opener: Opener, watch?: Watch) {
    this.shard = shard
    this.#opener = opener
    this.out = new Outcomes(watch)
    this.#frame = emptyFrame()
  }

  /** @throws Error before the log's first frame has been applied. */
  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error(`shard ${this.shard} has no ledger yet: its log is empty`)
    return this.#ledger
  }

  get started(): boolean {
    return this.#ledger !== undefined
  }

  get seq(): number {
    return this.#seq
  }

  /** Epoch of the entry that was applied last: with the position it says whether a cut lies below this state. */
  get epoch(): number {
    return this.#epoch
  }

  get chain(): Uint8Array {
    return this.#chain
  }

  /** Goes on from a snapshot. The sections' bytes are copied. */
  restore(position: ReplicaPosition, sections: readonly Section[]): void {
    this.#ledger = Ledger.fromState(State.load(sections))
    this.#seq = position.seq
    this.#epoch = position.epoch
    this.#chain = position.chain
  }

  /**
   * Opens and applies the next entry of the log.
   * @throws LawBroken when the ledger must stop; SealError `key-unknown` when this process lacks a key that others have,
   * and must not guess. A frame that nobody can read, or that carries another epoch than its place in the log, is
   * skipped by every replica alike.
   */
  apply(entry: LogEntry): Applied | Promise<Applied> {
    let opened: OpenedFrame | Promise<OpenedFrame>
    try {
      opened = this.#opener.openMaybe(entry.data)
    } catch (error) {
      return this.#skipUnreadable(entry, error)
    }
    if (!(opened instanceof Promise)) return this.#applyOpened(entry, opened)
    return opened.then(
      (frame) => this.#applyOpened(entry, frame),
      (error: unknown) => this.#skipUnreadable(entry, error),
    )
  }

  #applyOpened(entry: LogEntry, opened: OpenedFrame): Applied {
    const sender = this.#senderOf(entry.subject)
    const frame = this.#fill(entry, opened, sender)
    if (opened.header.epoch !== (entry.epoch ?? 0)) this.#skip('other-epoch')
    else if (sender === undefined || opened.header.shard !== this.shard) this.#skip('sender-not-allowed')
    else if (this.#ledger === undefined) {
      this.out.clear()
      this.#ledger = Ledger.fromGenesis(frame, this.out)
    } else this.#ledger.apply(frame, this.out)
    this.#moveTo(entry, opened.tag)
    return { entry, frame, opened, out: this.out }
  }

  #skip(why: Outcomes['skipped']): void {
    this.out.clear()
    this.out.skipped = why
  }

  #skipUnreadable(entry: LogEntry, error: unknown): Applied {
    const never = error instanceof FrameError || (error instanceof SealError && error.problem !== 'key-unknown')
    // A log whose very beginning cannot be read was begun by another version of this program: all of it is of no use.
    if (!never || this.#ledger === undefined) throw error
    this.#skip('malformed')
    this.#frame.count = 0
    this.#frame.seq = entry.seq
    this.#moveTo(entry, tagOf(entry.data))
    return { entry, frame: this.#frame, opened: undefined, out: this.out }
  }

  #moveTo(entry: LogEntry, tag: Uint8Array): void {
    this.#seq = entry.seq
    this.#epoch = entry.epoch ?? 0
    this.#chain = nextChain(this.#chain, tag)
  }

  #fill(entry: LogEntry, opened: OpenedFrame, sender: Sender | undefined): FrameInput {
    const { header } = opened
    return Object.assign(this.#frame, bodyViews(opened.body), {
      seq: entry.seq,
      stampMs: entry.stampMs,
      kind: header.kind,
      sender: sender?.sender ?? 0,
      senderNumber: sender?.number ?? 0,
      incarnation: header.incarnation,
      counter: header.counter,
      senderClockMs: header.clockMs,
      count: header.count,
    })
  }

  #senderOf(subject: string): Sender | undefined {
    if (this.#senders.has(subject)) return this.#senders.get(subject)
    const sender = readSender(subject, this.shard)
    // Subjects come from the server's permissions: a few a shard. The bound is for a server that lost them.
    if (this.#senders.size < 1_024) this.#senders.set(subject, sender)
    return sender
  }
}

function emptyFrame(): FrameInput {
  return {
    ...bodyViews(new Uint8Array(0)),
    seq: 0,
    stampMs: 0,
    kind: 0,
    sender: 0,
    senderNumber: 0,
    incarnation: 0,
    counter: 0,
    senderClockMs: 0,
    count: 0,
  }
}

function readSender(subject: string, shard: number): Sender | undefined {
  const parsed = parseSubject(subject)
  if (parsed?.kind !== 'command' || parsed.shard !== shard) return undefined
  const { sender } = parsed
  switch (sender.kind) {
    case 'edge':
    case 'connector': {
      const number = Number(sender.id)
      if (!Number.isInteger(number) || number < 1 || number > (sender.kind === 'edge' ? edgeNumberMax : 0xffff_ffff))
        return undefined
      return { sender: sender.kind === 'edge' ? senders.edge : senders.connector, number }
    }
    case 'shard':
      return { sender: senders.shard, number: sender.shard }
    case 'op':
      return { sender: senders.operator, number: 0 }
    case 'host':
      return { sender: senders.host, number: 0 }
  }
}

/** What the chain takes up of a frame that cannot be opened: its tag if it has one, else a hash of its bytes. */
export function tagOf(data: Uint8Array): Uint8Array {
  try {
    return decodeFrame(data).tag
  } catch {
    return chainTag(data)
  }
}
