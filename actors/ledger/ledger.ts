import { batchRecordsMax } from './batches.ts'
import { BatchPayments } from './batchPayments.ts'
import { institutionsMax, shardsMax } from './books.ts'
import { applyCommands, commandOffsets } from './commands.ts'
import { carryOutDue } from './dueDeadlines.ts'
import { clockLeadMs, type FrameInput, recordsPerFrameMax } from './frameInput.ts'
import { readRecord } from './layout.ts'
import { LawBroken } from './money.ts'
import type { Outcomes } from './outcomes.ts'
import { Payments } from './payments.ts'
import {
  batchHeader,
  batchRecord,
  commandOps,
  commandRecords,
  frameKinds,
  paymentRecord,
  principalRoles,
  senders,
  transitHeader,
} from './records.ts'
import { type Genesis, State } from './state.ts'
import { Transit } from './transit.ts'
import { isTransit, partEnd } from './transitParts.ts'

function isRecord(frame: FrameInput, at: number, name: 'genesis' | 'principalPut' | 'secondPersonPut'): boolean {
  const { at: offsets, size } = commandRecords[name]
  return frame.u8[at + offsets.op] === commandOps[name] && frame.view.getUint16(at + offsets.length, true) === size
}

function checkGenesis({ shard, shardCount, walletsMax, idsMax }: Genesis): void {
  if (shardCount < 1 || shardCount > shardsMax || shard >= shardCount) {
    throw new LawBroken(`genesis: shard ${shard} of ${shardCount}; a region has 1 to ${shardsMax} shards`)
  }
  if (walletsMax < 1) throw new LawBroken('genesis: a shard holds at least one wallet')
  if (idsMax < 1 || (idsMax & (idsMax - 1)) !== 0) throw new LawBroken(`genesis: ${idsMax} ids is not a power of two`)
}

/**
 * One shard's ledger: a deterministic machine over the frames of one log. The same frames in the same order make the
 * same bytes, whoever applies them, wherever, and however often a process dies in between.
 */
export class Ledger {
  readonly state: State
  readonly #payments: Payments
  readonly #batches: BatchPayments
  readonly #transit: Transit

  private constructor(state: State) {
    this.state = state
    this.#payments = new Payments(state)
    this.#batches = new BatchPayments(state)
    this.#transit = new Transit(state)
  }

  /**
   * Makes the ledger that a log's first frame describes, and applies that frame.
   * @throws LawBroken when the frame is not a genesis or its values cannot be: without it the shard has no identity.
   */
  static fromGenesis(frame: FrameInput, out: Outcomes): Ledger {
    const offsets = frame.kind === frameKinds.commands && frame.sender === senders.operator && commandOffsets(frame)
    const first = offsets ? offsets[0] : undefined
    if (first === undefined || !isRecord(frame, first, 'genesis')) throw new LawBroken('a log begins with its genesis')
    const { shard, shardCount, walletsMax, idsMax, hashKey } = readRecord(commandRecords.genesis, frame.view, first)
    const genesis = { shard, shardCount, walletsMax, idsMax, hashKey }
    checkGenesis(genesis)
    out.clear()
    const ledger = new Ledger(new State(genesis))
    ledger.#tellTime(frame)
    ledger.#enterPrincipals(frame, offsets as number[])
    ledger.#finish(frame, out)
    return ledger
  }

  /** Goes on from a snapshot's state. */
  static fromState(state: State): Ledger {
    return new Ledger(state)
  }

  /**
   * The first operators and institutions stand in the genesis frame itself: nobody is there yet to sign for them. So does
   * whether rules are changed by two.
   */
  #enterPrincipals(frame: FrameInput, offsets: readonly number[]): void {
    const s = this.state
    for (const at of offsets.slice(1)) {
      if (isRecord(frame, at, 'secondPersonPut')) {
        s.risk.rules.secondPerson = readRecord(commandRecords.secondPersonPut, frame.view, at).required === 1
        continue
      }
      if (!isRecord(frame, at, 'principalPut')) throw new LawBroken('a genesis frame holds principals only')
      const { number, role, publicKey } = readRecord(commandRecords.principalPut, frame.view, at)
      if (role !== principalRoles.institution && role !== principalRoles.operator) {
        throw new LawBroken(`genesis: a principal has role ${role}, neither institution nor operator`)
      }
      if (number < 1 || number >= institutionsMax || s.activePrincipal(number, role) >= 0) {
        throw new LawBroken(`genesis: principal ${number} comes twice or is not from 1 to ${institutionsMax - 1}`)
      }
      const row = s.principals.count
      s.principals.count += 1
      s.principals.at.number[row] = number
      s.principals.at.role[row] = role
      s.principals.at.active[row] = 1
      s.principals.at.publicKey.set(publicKey, row * 32)
      s.principals.hashRow(s.digest, row, 1)
    }
  }

  /**
   * Applies one frame and fills `out` with what came of it.
   * @throws LawBroken when a law of the ledger does not hold; the state must not be used after that.
   */
  apply(frame: FrameInput, out: Outcomes): void {
    const s = this.state
    out.clear()
    out.frameSeq = frame.seq
    if (frame.seq <= s.lastSeq) throw new LawBroken(`frame ${frame.seq} after frame ${s.lastSeq}`)
    this.#tellTime(frame)
    if (s.deadlines.nextMs <= s.logTimeMs) carryOutDue(s, out)
    // A batch may leave no record to a shard that takes in its id alone.
    const recordsMin = frame.kind === frameKinds.batch ? 0 : 1
    if (frame.count < recordsMin || frame.count > recordsPerFrameMax) out.skipped = 'malformed'
    else if (frame.kind === frameKinds.payments) this.#applyPayments(frame, out)
    else if (frame.kind === frameKinds.batch) this.#applyBatch(frame, out)
    else if (frame.kind === frameKinds.transit) this.#applyTransit(frame, out)
    else if (frame.kind === frameKinds.commands) this.#applyCommands(frame, out)
    else out.skipped = 'malformed'
    this.#finish(frame, out)
  }

  /** One server's clock that jumps ahead must expire nothing: log time follows the earlier of two, and never falls. */
  #tellTime(frame: FrameInput): void {
    const senderMs = Number.isSafeInteger(frame.senderClockMs) ? frame.senderClockMs + clockLeadMs : frame.stampMs
    this.state.tellTime(Math.min(frame.stampMs, senderMs))
  }

  #finish(frame: FrameInput, out: Outcomes): void {
    const s = this.state
    s.lastSeq = frame.seq
    if (out.skipped === '') s.commandsApplied += frame.count
    s.books.check()
  }

  #applyPayments(frame: FrameInput, out: Outcomes): void {
    if (frame.bodyBytes !== frame.count * paymentRecord.size) out.skipped = 'malformed'
    else if (frame.sender !== senders.edge) out.skipped = 'sender-not-allowed'
    else this.#payments.apply(frame, out, !this.state.senders.first(frame.incarnation, frame.counter))
  }

  #applyBatch(frame: FrameInput, out: Outcomes): void {
    const fits = frame.count <= batchRecordsMax && frame.bodyBytes === batchHeader.size + frame.count * batchRecord.size
    if (!fits || !this.#batches.isOrdered(frame)) out.skipped = 'malformed'
    else if (frame.sender !== senders.edge) out.skipped = 'sender-not-allowed'
    else this.#batches.apply(frame, out, !this.state.senders.first(frame.incarnation, frame.counter))
  }

  #applyTransit(frame: FrameInput, out: Outcomes): void {
    if (!isTransit(frame)) out.skipped = 'malformed'
    else if (frame.sender !== senders.shard || !this.#arePeers(frame)) out.skipped = 'sender-not-allowed'
    else this.#transit.apply(frame, out)
  }

  /** The subject names the first source. Who may send for one shard may send for any: a worker leads whichever it can. */
  #arePeers(frame: FrameInput): boolean {
    const { shard, shardCount } = this.state.genesis
    if (frame.u32[transitHeader.at.source >>> 2] !== frame.senderNumber) return false
    for (let at = 0; at < frame.bodyBytes; at = partEnd(frame, at)) {
      const source = frame.u32[(at + transitHeader.at.source) >>> 2]!
      if (source >= shardCount || source === shard) return false
    }
    return true
  }

  #applyCommands(frame: FrameInput, out: Outcomes): void {
    const offsets = commandOffsets(frame)
    if (offsets === undefined) out.skipped = 'malformed'
    else applyCommands(this.state, frame, offsets, out, !this.state.senders.first(frame.incarnation, frame.counter))
  }
}
