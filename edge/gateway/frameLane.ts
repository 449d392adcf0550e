import { codeOf } from '../../actors/ledger/refusals.ts'
import type { FrameAnswer } from '../../actors/log/answers.ts'
import type { Owner } from '../../actors/log/ownerDirectory.ts'
import type { AppendOutcome } from '../../actors/log/shardLog.ts'
import type { Numbered } from './frameBodies.ts'
import type { GatherRule } from './gatherRule.ts'
import type { GatewayPorts } from './ports.ts'
import type { NotSent, Submitted } from './submission.ts'

const appendTimeoutMs = 2_000
const retryMsMin = 50
const retryMsMax = 1_000
/** An answer that has not come this long after the frame was stored may be lost, or the leader is being replaced. */
const answerMsMin = 1_000
const answerMsMax = 4_000
/** Frames stored and not answered; well below the 48 that the ledger tells apart. */
export const framesUnansweredMax = 16
/** A record whose frame was answered as a repetition goes into a new frame; more often than this it is not tried. */
const framesPerRecordMax = 3

/** Somebody who waits for what becomes of one record. */
type Waiter<T> = Numbered<T> & {
  readonly deadlineMs: number
  readonly settle: (submitted: Submitted) => void
  settled: boolean
  frames: number
}

type Frame<T> = {
  readonly counter: number
  /** As it was sealed last, and for whom; undefined before the shard's owner is known. */
  sealed: { readonly owner: Owner; readonly bytes: Uint8Array } | undefined
  readonly waiters: readonly Waiter<T>[]
  /** True once a copy of it may lie in the log. */
  perhapsStored: boolean
  answered: boolean
  holdsSlot: boolean
  /** Ends whatever the frame waits for. */
  wake: () => void
}

export type LaneOptions<T> = {
  readonly shard: number
  readonly recordsPerFrameMax: number
  /** What a record takes beyond what `recordsPerFrameMax` reckons with, at most, and how much of it a frame has room for. */
  readonly extraBytes: { readonly of: (submission: T) => number; readonly max: number; readonly perFrameMax: number }
  /** Frames on their way to the log at once: while one is, the next gathers. */
  readonly framesInFlightMax: number
  /** Whether records wait for others though a frame could leave; without it they never do. */
  readonly gatherRule?: GatherRule
  readonly nextCounter: () => number
  /** Who owns the shard now, if that is known. */
  readonly owner: () => Owner | undefined
  readonly seal: (counter: number, records: readonly Numbered<T>[], owner: Owner) => Uint8Array | Promise<Uint8Array>
  readonly append: (frame: Uint8Array, owner: Owner, timeoutMs: number) => Promise<AppendOutcome>
  readonly ports: GatewayPorts
}

/** The shard's owner changed while a frame was offered to the one before: what became of it there is not known. */
const moved = Symbol('moved')

/**
 * Group commit towards one shard: records gather while the previous frame is on its way and as long as the rule says,
 * so that one alone leaves at once and many share one. A frame whose fate is not known is sent again, the same bytes, until it is
 * answered or nobody waits for it any more; the ledger executes it once. When the shard gets another owner, what is not
 * answered is sealed anew for that one's epoch and goes there under the same number: only one of the two can count.
 */
export class FrameLane<T> {
  readonly #o: LaneOptions<T>
  #gathering: Waiter<T>[] = []
  readonly #frames = new Map<number, Frame<T>>()
  #slots = 0
  #pumping = false
  #gatheringSinceMs = 0
  #cancelHold: (() => void) | undefined
  framesSent = 0
  framesRepeated = 0

  constructor(options: LaneOptions<T>) {
    this.#o = options
  }

  /** Records that nobody has been told about yet. */
  get waiting(): number {
    let count = this.#gathering.length
    for (const frame of this.#frames.values()) count += frame.waiters.length
    return count
  }

  submit(token: number, submission: T, deadlineMs: number): Promise<Submitted> {
    return new Promise((resolve) => {
      this.#gather({ token, submission, deadlineMs, settle: resolve, settled: false, frames: 0 })
      this.#pumpSoon()
    })
  }

  #gather(waiter: Waiter<T>): void {
    if (this.#gathering.length === 0) this.#gatheringSinceMs = this.#o.ports.monotonicMs()
    this.#gathering.push(waiter)
  }

  /** The rule may say something else now. */
  reconsider(): void {
    this.#pumpSoon()
  }

  /** What arrives in the same turn of the event loop shares a frame: waiting for it costs nothing. */
  #pumpSoon(): void {
    if (this.#pumping || this.#gathering.length === 0) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    const { framesInFlightMax } = this.#o
    while (this.#slots < framesInFlightMax && this.#frames.size < framesUnansweredMax) {
      if (this.#gathering.length === 0 || this.#held()) return
      const waiters = this.#gathering.splice(0, this.#fitting()).filter((waiter) => !waiter.settled)
      if (waiters.length === 0) return
      this.#slots += 1
      this.#o.gatherRule?.departed(this.#o.ports.monotonicMs())
      this.#send(waiters).catch((error: unknown) => this.#o.ports.onFault('a frame was given up', error))
    }
  }

  /** How many of those that wait fit a frame. So few that any would fit are not measured. */
  #fitting(): number {
    const { recordsPerFrameMax, extraBytes } = this.#o
    const countMax = Math.min(this.#gathering.length, recordsPerFrameMax)
    if (countMax <= extraBytes.perFrameMax / extraBytes.max) return countMax
    let bytes = 0
    for (let count = 0; count < countMax; count++) {
      bytes += extraBytes.of(this.#gathering[count]!.submission)
      if (bytes > extraBytes.perFrameMax) return count
    }
    return countMax
  }

  /** Whether the rule holds the next frame back; the lane is pumped again when it will not any more. */
  #held(): boolean {
    const { gatherRule, ports } = this.#o
    const holdMs = gatherRule?.holdMs(this.#gathering.length, this.#gatheringSinceMs, ports.monotonicMs()) ?? 0
    if (holdMs === 0) return false
    this.#cancelHold ??= ports.after(holdMs, () => {
      this.#cancelHold = undefined
      this.#pump()
    })
    return true
  }

  async #send(waiters: Waiter<T>[]): Promise<void> {
    const counter = this.#o.nextCounter()
    for (const waiter of waiters) waiter.frames += 1
    const state = { sealed: undefined, perhapsStored: false, answered: false, holdsSlot: true, wake: () => {} }
    const frame: Frame<T> = { counter, waiters, ...state }
    this.#frames.set(counter, frame)
    try {
      await this.#carry(frame)
    } finally {
      this.#frames.delete(counter)
      this.#release(frame)
      this.#pumpSoon()
    }
  }

  /** Offers the frame until its answer is here, or nobody waits for it. */
  async #carry(frame: Frame<T>): Promise<void> {
    const { ports } = this.#o
    let retryMs = retryMsMin
    let answerMs = answerMsMin
    for (;;) {
      if (frame.perhapsStored) this.framesRepeated += 1
      this.framesSent += 1
      const outcome = await this.#offer(frame)
      if (frame.answered) return
      if (outcome === undefined || (outcome !== moved && outcome.kind === 'full' && !frame.perhapsStored)) {
        settleAll(frame.waiters, { kind: 'not-sent', why: outcome === undefined ? 'frame-refused' : 'log-full' })
        return
      }
      if (outcome === moved) frame.perhapsStored = true
      else if (outcome.kind === 'appended') {
        frame.perhapsStored = true
        this.#release(frame)
        this.#pumpSoon()
        await this.#answerOr(frame, answerMs * (0.75 + ports.random() / 2))
        answerMs = Math.min(answerMs * 2, answerMsMax)
      } else {
        if (outcome.kind === 'unknown') frame.perhapsStored = true
        await this.#answerOr(frame, retryMs * (0.5 + ports.random()))
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
      if (frame.answered || frame.waiters.every((waiter) => waiter.settled)) return
      if (this.#isForAnother(frame.sealed)) [retryMs, answerMs] = [retryMsMin, answerMsMin]
    }
  }

  /**
   * The log's word, or undefined when its server, or the sealer, refused this frame for good and no copy of it can be
   * stored.
   */
  async #offer(frame: Frame<T>): Promise<AppendOutcome | typeof moved | undefined> {
    const owner = this.#o.owner()
    if (owner === undefined) return { kind: 'not-sent' }
    try {
      if (this.#isForAnother(frame.sealed)) {
        const bytes = await this.#o.seal(frame.counter, frame.waiters, owner)
        frame.sealed = { owner, bytes }
        if (this.#isForAnother(frame.sealed)) return moved
      }
      return await this.#appendOrMoved(frame, frame.sealed!)
    } catch (error) {
      this.#o.ports.onFault(`shard ${this.#o.shard} refused frame ${frame.counter}`, error)
      return frame.perhapsStored ? { kind: 'unknown' } : undefined
    }
  }

  #appendOrMoved(frame: Frame<T>, { bytes, owner }: NonNullable<Frame<T>['sealed']>) {
    return new Promise<AppendOutcome | typeof moved>((resolve, reject) => {
      frame.wake = () => resolve(moved)
      this.#o.append(bytes, owner, appendTimeoutMs).then(resolve, reject)
    })
  }

  #isForAnother(sealed: Frame<T>['sealed']): boolean {
    return sealed?.owner.epoch !== this.#o.owner()?.epoch
  }

  /** The shard may have another owner now: what waits for the one before waits no longer. */
  ownerChanged(): void {
    for (const frame of this.#frames.values()) if (this.#isForAnother(frame.sealed)) frame.wake()
  }

  /** Resolves when the answer is here, the shard has another owner, or after `waitMs`. */
  #answerOr(frame: Frame<T>, waitMs: number): Promise<void> {
    if (this.#isForAnother(frame.sealed)) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#o.ports.after(waitMs, resolve)
      frame.wake = () => {
        cancel()
        resolve()
      }
    })
  }

  #release(frame: Frame<T>): void {
    if (!frame.holdsSlot) return
    frame.holdsSlot = false
    this.#slots -= 1
  }

  /** True when the answer was to a frame of this lane. A second answer to the same frame says nothing new. */
  onAnswer(answer: FrameAnswer): boolean {
    const frame = this.#frames.get(answer.counter)
    if (frame === undefined || frame.answered) return false
    frame.answered = true
    this.#frames.delete(answer.counter)
    this.#release(frame)
    if (answer.skipped) {
      this.#o.ports.onFault(`shard ${answer.shard} skipped frame ${answer.counter}`, new Error('a frame was skipped'))
      settleAll(frame.waiters, { kind: 'not-sent', why: 'frame-refused' })
    } else this.#settleEach(frame, answer)
    frame.wake()
    this.#pumpSoon()
    return true
  }

  #settleEach(frame: Frame<T>, answer: FrameAnswer): void {
    const originals = new Map(answer.repeated.map((original) => [original.index, original]))
    for (const [i, waiter] of frame.waiters.entries()) {
      const code = answer.codes[i]!
      if (waiter.settled) continue
      // The frame had been applied before and left no trace of this record: it did nothing, and may be tried anew.
      if (code === codeOf['frame-repeated'] && waiter.frames < framesPerRecordMax) {
        this.#gather(waiter)
        continue
      }
      const original = originals.get(i)
      settleOne(waiter, {
        kind: 'answered',
        code,
        destination: answer.destinations[i]!,
        value: answer.values[i]!,
        repeated: original !== undefined,
        executed: {
          shard: answer.shard,
          seq: original?.seq ?? answer.seq,
          index: original?.originalIndex ?? i,
          timeMs: original?.timeMs ?? answer.timeMs,
        },
      })
    }
  }

  /** Tells those whose time is up. Only a record that was never put into a frame has surely done nothing. */
  expire(nowMs: number): void {
    for (const frame of this.#frames.values()) {
      for (const waiter of frame.waiters) if (waiter.deadlineMs <= nowMs) settleOne(waiter, { kind: 'unknown' })
    }
    if (!this.#gathering.some((waiter) => waiter.deadlineMs <= nowMs)) return
    const why: NotSent = this.#o.ports.connected() ? 'no-leader' : 'disconnected'
    for (const waiter of this.#gathering) {
      if (waiter.deadlineMs > nowMs) continue
      settleOne(waiter, waiter.frames === 0 ? { kind: 'not-sent', why } : { kind: 'unknown' })
    }
    this.#gathering = this.#gathering.filter((waiter) => !waiter.settled)
  }
}

function settleOne<T>(waiter: Waiter<T>, submitted: Submitted): void {
  if (waiter.settled) return
  waiter.settled = true
  waiter.settle(submitted)
}

function settleAll<T>(waiters: readonly Waiter<T>[], submitted: Submitted): void {
  for (const waiter of waiters) settleOne(waiter, submitted)
}
