import { senders } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import { encodeCompletions, encodeFrameAnswer } from '../log/answers.ts'
import { edgesWithProgress, encodeBatchAnswer, encodeBatchProgress } from '../log/batchAnswers.ts'
import type { Applied } from '../log/replica.ts'
import { answersSubject } from '../log/subjects.ts'

export type Publish = (subject: string, message: Uint8Array) => void

/**
 * Tells the edges what the frame that was applied last came to: its sender, and whoever waits for payments that ended
 * in it.
 */
export function tellEdges(shard: number, state: State, applied: Applied, publish: Publish): void {
  const { frame, out } = applied
  // A frame of another epoch may have been executed in its own: only silence is true of it, and its sender asks again.
  if (frame.sender === senders.edge && out.skipped !== 'other-epoch') answer(shard, state, applied, publish)
  if (out.completions > 0) tellCompletions(shard, applied, publish)
  if (out.runs > 0 || out.returns > 0) tellProgress(shard, applied, publish)
}

function answer(shard: number, { logTimeMs, lanes }: State, { frame, out }: Applied, publish: Publish): void {
  const message =
    out.batch === ''
      ? encodeFrameAnswer(shard, frame, logTimeMs, out)
      : encodeBatchAnswer(shard, lanes.length, frame, logTimeMs, out)
  publish(answersSubject(String(frame.senderNumber)), message)
}

function tellCompletions(shard: number, { out }: Applied, publish: Publish): void {
  const byEdge = new Map<number, { tokens: number[]; codes: number[] }>()
  for (let i = 0; i < out.completions; i++) {
    const edge = out.completedEdge[i]!
    let group = byEdge.get(edge)
    if (group === undefined) {
      group = { tokens: [], codes: [] }
      byEdge.set(edge, group)
    }
    group.tokens.push(out.completedToken[i]!)
    group.codes.push(out.completedCode[i]!)
  }
  for (const [edge, { tokens, codes }] of byEdge) {
    publish(answersSubject(String(edge)), encodeCompletions(shard, tokens, codes))
  }
}

function tellProgress(shard: number, { out }: Applied, publish: Publish): void {
  for (const edge of edgesWithProgress(out)) {
    publish(answersSubject(String(edge)), encodeBatchProgress(shard, edge, out))
  }
}
