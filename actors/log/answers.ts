import type { Outcomes } from '../ledger/outcomes.ts'
import {
  type BatchAnswer,
  type BatchProgress,
  batchKind,
  decodeBatchAnswer,
  decodeBatchProgress,
  progressKind,
} from './batchAnswers.ts'

/** What a leader tells an edge about one of its frames: an outcome a record, in the frame's order. */
export type FrameAnswer = {
  kind: 'frame'
  shard: number
  incarnation: number
  counter: number
  /** Position and log time of the frame; a repeated command carries its own, of its first execution. */
  seq: number
  timeMs: number
  /** The frame was skipped whole: nothing in it was executed. */
  skipped: boolean
  codes: Uint8Array
  /** 0 final, n + 1 on its way to shard n, 255 with the bank. */
  destinations: Uint8Array
  values: Float64Array
  repeated: { index: number; timeMs: number; seq: number; originalIndex: number }[]
}

/** Payments that came to their end in another shard than the payer's, or came back. */
export type Completions = { kind: 'completions'; shard: number; tokens: Float64Array; codes: Uint8Array }

const frameKind = 1
const completionsKind = 2
const headBytes = 48
const repeatedBytes = 24

const padded = (bytes: number): number => (bytes + 7) & ~7

/** Packs the outcomes of the frame that was applied last. */
export function encodeFrameAnswer(
  shard: number,
  frame: { incarnation: number; counter: number; seq: number; count: number },
  timeMs: number,
  out: Outcomes,
): Uint8Array {
  const count = out.count
  let repeats = 0
  for (let i = 0; i < count; i++) repeats += out.repeated[i]!
  const codesAt = headBytes
  const destinationsAt = codesAt + padded(count)
  const valuesAt = destinationsAt + padded(count)
  const repeatsAt = valuesAt + count * 8
  const bytes = new Uint8Array(repeatsAt + repeats * repeatedBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, frameKind, true)
  view.setUint32(4, shard, true)
  view.setFloat64(8, frame.incarnation, true)
  view.setFloat64(16, frame.counter, true)
  view.setFloat64(24, frame.seq, true)
  view.setFloat64(32, timeMs, true)
  view.setUint32(40, count, true)
  view.setUint32(44, (repeats << 1) | (out.skipped === '' ? 0 : 1), true)
  bytes.set(out.code.subarray(0, count), codesAt)
  bytes.set(out.destination.subarray(0, count), destinationsAt)
  bytes.set(new Uint8Array(out.value.buffer, 0, count * 8), valuesAt)
  if (repeats > 0) encodeRepeats(view, repeatsAt, out)
  return bytes
}

function encodeRepeats(view: DataView, start: number, out: Outcomes): void {
  let at = start
  for (let i = 0; i < out.count; i++) {
    if (out.repeated[i] === 0) continue
    view.setUint32(at, i, true)
    view.setUint32(at + 4, out.index[i]!, true)
    view.setFloat64(at + 8, out.time[i]!, true)
    view.setFloat64(at + 16, out.seq[i]!, true)
    at += repeatedBytes
  }
}

/** Packs completions for one edge. */
export function encodeCompletions(shard: number, tokens: readonly number[], codes: readonly number[]): Uint8Array {
  const count = tokens.length
  const bytes = new Uint8Array(16 + count * 8 + count)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, completionsKind, true)
  view.setUint32(4, shard, true)
  view.setUint32(8, count, true)
  for (let i = 0; i < count; i++) view.setFloat64(16 + i * 8, tokens[i]!, true)
  bytes.set(codes, 16 + count * 8)
  return bytes
}

/** Reads any message to an edge. @throws RangeError when it is none or cut short. */
export function decodeAnswer(message: Uint8Array): FrameAnswer | Completions | BatchAnswer | BatchProgress {
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const kind = view.getUint32(0, true)
  if (kind === completionsKind) return decodeCompletions(view, message)
  if (kind === batchKind) return decodeBatchAnswer(view, message)
  if (kind === progressKind) return decodeBatchProgress(view)
  if (kind !== frameKind) throw new RangeError(`an answer of kind ${kind} is not known`)
  const count = view.getUint32(40, true)
  const repeats = view.getUint32(44, true) >>> 1
  const destinationsAt = headBytes + padded(count)
  const valuesAt = destinationsAt + padded(count)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = view.getFloat64(valuesAt + i * 8, true)
  const repeated: FrameAnswer['repeated'] = []
  for (let n = 0, at = valuesAt + count * 8; n < repeats; n++, at += repeatedBytes) {
    repeated.push({
      index: view.getUint32(at, true),
      originalIndex: view.getUint32(at + 4, true),
      timeMs: view.getFloat64(at + 8, true),
      seq: view.getFloat64(at + 16, true),
    })
  }
  return {
    kind: 'frame',
    shard: view.getUint32(4, true),
    incarnation: view.getFloat64(8, true),
    counter: view.getFloat64(16, true),
    seq: view.getFloat64(24, true),
    timeMs: view.getFloat64(32, true),
    skipped: (view.getUint32(44, true) & 1) === 1,
    codes: message.slice(headBytes, headBytes + count),
    destinations: message.slice(destinationsAt, destinationsAt + count),
    values,
    repeated,
  }
}

function decodeCompletions(view: DataView, message: Uint8Array): Completions {
  const count = view.getUint32(8, true)
  const tokens = new Float64Array(count)
  for (let i = 0; i < count; i++) tokens[i] = view.getFloat64(16 + i * 8, true)
  const codes = message.slice(16 + count * 8, 16 + count * 9)
  return { kind: 'completions', shard: view.getUint32(4, true), tokens, codes }
}
