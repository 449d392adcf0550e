import type { Outcomes } from '../ledger/outcomes.ts'

/** What a leader tells an edge about one frame of a batch. */
export type BatchAnswer = {
  kind: 'batch'
  shard: number
  incarnation: number
  counter: number
  token: number
  /** Position and log time of this frame; a batch that was executed before has its own, which a query tells. */
  seq: number
  timeMs: number
  /** `refused`: nothing was executed and nothing is remembered. `repeated`: an earlier frame executed it. */
  how: 'executed' | 'repeated' | 'refused'
  /** Why the whole part was refused; else 0. */
  refusal: number
  /** By record: 0 debited, and credited too when its payee lives in this shard; else the refusal. */
  codes: Uint8Array
  /** By destination shard: the transit numbers that the accepted records took, in their order. */
  transit: readonly { first: number; count: number }[]
}

/** What became of a batch's records later: credits in the payees' shards, returns in the payers'. */
export type BatchProgress = {
  kind: 'batchProgress'
  shard: number
  runs: readonly { token: number; source: number; first: number; count: number }[]
  returns: readonly { token: number; position: number; code: number }[]
}

export const batchKind = 3
export const progressKind = 4
const hows = ['executed', 'repeated', 'refused'] as const
const headBytes = 56
const transitBytes = 16
const runBytes = 24
const returnBytes = 16

/** Packs the outcome of the batch's frame that was applied last. */
export function encodeBatchAnswer(
  shard: number,
  shardCount: number,
  frame: { incarnation: number; counter: number; seq: number },
  timeMs: number,
  out: Outcomes,
): Uint8Array {
  const bytes = new Uint8Array(headBytes + shardCount * transitBytes + out.count)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, batchKind, true)
  view.setUint32(4, shard, true)
  view.setFloat64(8, frame.incarnation, true)
  view.setFloat64(16, frame.counter, true)
  view.setFloat64(24, frame.seq, true)
  view.setFloat64(32, timeMs, true)
  view.setFloat64(40, out.token[0]!, true)
  view.setUint8(48, hows.indexOf(out.batch as BatchAnswer['how']))
  view.setUint8(49, out.batch === 'refused' ? out.code[0]! : 0)
  view.setUint16(50, shardCount, true)
  view.setUint32(52, out.count, true)
  for (let d = 0; d < shardCount; d++) {
    view.setFloat64(headBytes + d * transitBytes, out.transitFirst[d]!, true)
    view.setFloat64(headBytes + d * transitBytes + 8, out.transitCount[d]!, true)
  }
  bytes.set(out.code.subarray(0, out.count), headBytes + shardCount * transitBytes)
  return bytes
}

export function decodeBatchAnswer(view: DataView, message: Uint8Array): BatchAnswer {
  const shardCount = view.getUint16(50, true)
  const codesAt = headBytes + shardCount * transitBytes
  const how = hows[view.getUint8(48)]
  if (how === undefined) throw new RangeError('the answer about a batch says nothing that is known')
  return {
    kind: 'batch',
    shard: view.getUint32(4, true),
    incarnation: view.getFloat64(8, true),
    counter: view.getFloat64(16, true),
    seq: view.getFloat64(24, true),
    timeMs: view.getFloat64(32, true),
    token: view.getFloat64(40, true),
    how,
    refusal: view.getUint8(49),
    codes: message.slice(codesAt, codesAt + view.getUint32(52, true)),
    transit: Array.from({ length: shardCount }, (_, d) => ({
      first: view.getFloat64(headBytes + d * transitBytes, true),
      count: view.getFloat64(headBytes + d * transitBytes + 8, true),
    })),
  }
}

/** The edges that the frame applied last has news for. */
export function edgesWithProgress(out: Outcomes): Set<number> {
  const edges = new Set<number>()
  for (let i = 0; i < out.runs; i++) edges.add(out.runEdge[i]!)
  for (let i = 0; i < out.returns; i++) edges.add(out.returnEdge[i]!)
  return edges
}

/** Packs the news for one edge. */
export function encodeBatchProgress(shard: number, edge: number, out: Outcomes): Uint8Array {
  const runs = indexesOf(out.runEdge, out.runs, edge)
  const returns = indexesOf(out.returnEdge, out.returns, edge)
  const bytes = new Uint8Array(16 + runs.length * runBytes + returns.length * returnBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, progressKind, true)
  view.setUint32(4, shard, true)
  view.setUint32(8, runs.length, true)
  view.setUint32(12, returns.length, true)
  let at = 16
  for (const i of runs) {
    view.setFloat64(at, out.runToken[i]!, true)
    view.setFloat64(at + 8, out.runFirst[i]!, true)
    view.setUint32(at + 16, out.runSource[i]!, true)
    view.setUint32(at + 20, out.runCount[i]!, true)
    at += runBytes
  }
  for (const i of returns) {
    view.setFloat64(at, out.returnToken[i]!, true)
    view.setUint32(at + 8, out.returnPosition[i]!, true)
    view.setUint32(at + 12, out.returnCode[i]!, true)
    at += returnBytes
  }
  return bytes
}

function indexesOf(edges: Uint16Array, count: number, edge: number): number[] {
  const found: number[] = []
  for (let i = 0; i < count; i++) if (edges[i] === edge) found.push(i)
  return found
}

export function decodeBatchProgress(view: DataView): BatchProgress {
  const runCount = view.getUint32(8, true)
  const runs = Array.from({ length: runCount }, (_, i) => {
    const at = 16 + i * runBytes
    return {
      token: view.getFloat64(at, true),
      first: view.getFloat64(at + 8, true),
      source: view.getUint32(at + 16, true),
      count: view.getUint32(at + 20, true),
    }
  })
  const returns = Array.from({ length: view.getUint32(12, true) }, (_, i) => {
    const at = 16 + runCount * runBytes + i * returnBytes
    return {
      token: view.getFloat64(at, true),
      position: view.getUint32(at + 8, true),
      code: view.getUint32(at + 12, true),
    }
  })
  return { kind: 'batchProgress', shard: view.getUint32(4, true), runs, returns }
}
