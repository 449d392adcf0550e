import type { FrameInput } from './frameInput.ts'
import { Ledger } from './ledger.ts'
import { Outcomes, type Watch } from './outcomes.ts'
import { type Refusal, refusalOf } from './refusals.ts'

/** What a frame's sender was told about one of its commands. */
export type Answer = {
  refusal: Refusal
  destination: number
  value: number
  time: number
  seq: number
  index: number
  repeated: boolean
}
/** What came of a batch: an outcome a record, and the transit numbers it took, by destination shard. */
export type BatchAnswer = { how: Outcomes['batch']; refusals: Refusal[]; transit: [first: number, count: number][] }
export type Completion = { edge: number; token: number; refusal: Refusal }
export type FrameResult = {
  skipped: Outcomes['skipped']
  batch: BatchAnswer | undefined
  answers: Answer[]
  completions: Completion[]
  sagas: number[]
  /** Credits of batches, and records of batches that came home. */
  runs: { edge: number; token: number; source: number; first: number; count: number }[]
  returns: { edge: number; token: number; position: number; refusal: Refusal }[]
}
export type Posting = { wallet: number; kind: number; delta: number; counterparty: number; record: number }

/** One shard as its log sees it: every frame that was ever stored, so that any replica can be made from it. */
export class Shard {
  readonly log: FrameInput[] = []
  readonly postings: Posting[] = []
  readonly out: Outcomes
  ledger: Ledger

  constructor(genesis: FrameInput) {
    const posted: Watch['posted'] = (row, kind, delta, counterparty, _bytes, _at, record) => {
      const wallet = this.ledger.state.wallets.at.number[row]!
      this.postings.push({ wallet, kind, delta, counterparty, record })
    }
    this.out = new Outcomes({ posted })
    this.log.push(genesis)
    this.ledger = Ledger.fromGenesis(genesis, this.out)
  }

  apply(frame: FrameInput): FrameResult {
    this.log.push(frame)
    this.ledger.apply(frame, this.out)
    return resultOf(this.out)
  }
}

export function resultOf(out: Outcomes): FrameResult {
  const answers = Array.from({ length: out.batch === '' ? out.count : 0 }, (_, i) => ({
    refusal: refusalOf(out.code[i]!),
    destination: out.destination[i]!,
    value: out.value[i]!,
    time: out.time[i]!,
    seq: out.seq[i]!,
    index: out.index[i]!,
    repeated: out.repeated[i] === 1,
  }))
  const completions = Array.from({ length: out.completions }, (_, i) => ({
    edge: out.completedEdge[i]!,
    token: out.completedToken[i]!,
    refusal: refusalOf(out.completedCode[i]!),
  }))
  const runs = Array.from({ length: out.runs }, (_, i) => ({
    edge: out.runEdge[i]!,
    token: out.runToken[i]!,
    source: out.runSource[i]!,
    first: out.runFirst[i]!,
    count: out.runCount[i]!,
  }))
  const returns = Array.from({ length: out.returns }, (_, i) => ({
    edge: out.returnEdge[i]!,
    token: out.returnToken[i]!,
    position: out.returnPosition[i]!,
    refusal: refusalOf(out.returnCode[i]!),
  }))
  return { skipped: out.skipped, batch: batchOf(out), answers, completions, sagas: [...out.sagas], runs, returns }
}

function batchOf(out: Outcomes): BatchAnswer | undefined {
  if (out.batch === '') return undefined
  return {
    how: out.batch,
    // A part without records says at its first place why it was refused.
    refusals: Array.from(out.code.subarray(0, out.batch === 'refused' ? Math.max(1, out.count) : out.count), refusalOf),
    transit: Array.from(out.transitCount, (count, shard) => [out.transitFirst[shard]!, count] as [number, number]),
  }
}
