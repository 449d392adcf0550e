import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { OpenLoop, type OpenLoopOptions, type OpenLoopResult } from './openLoop.ts'

/** An edge, and who makes the requests that are signed for it. */
export type Edge = { readonly url: string; readonly ca: Buffer; readonly make: OpenLoopOptions['make'] }

/**
 * Signs ahead, and runs an open loop for each edge at once. Requests go to the edges in turn, and so do connections: who
 * waits for one edge does not keep the other's waiting.
 * @param all due times, connections and signatures ahead of all edges together
 */
export async function sendThrough(
  edges: readonly Edge[],
  all: Omit<OpenLoopOptions, 'address' | 'host' | 'make'>,
): Promise<OpenLoopResult> {
  const loops = edges.map(({ url, ca, make }, turn) => {
    const { hostname, port, host } = new URL(url)
    return new OpenLoop({
      ...all,
      address: { host: hostname, port: Number(port), ca },
      host,
      make,
      dueMs: all.dueMs.filter((_, n) => n % edges.length === turn),
      signedAheadMax: Math.ceil(all.signedAheadMax / edges.length),
      connectionsMax: Math.ceil(all.connectionsMax / edges.length),
    })
  })
  for (const loop of loops) loop.prepare()
  return asOne(await Promise.all(loops.map((loop) => loop.run())))
}

/** Results of loops that ran at the same time in this process. */
function asOne(results: readonly OpenLoopResult[]): OpenLoopResult {
  const sum = (of: (result: OpenLoopResult) => number): number => results.reduce((total, one) => total + of(one), 0)
  const merged = (of: (result: OpenLoopResult) => RecordableHistogram): RecordableHistogram => {
    const histogram = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
    for (const result of results) histogram.add(of(result))
    return histogram
  }
  const wrong = new Map<string, number>()
  for (const result of results) {
    for (const [what, count] of result.wrong) wrong.set(what, (wrong.get(what) ?? 0) + count)
  }
  return {
    due: sum(({ due }) => due),
    dropped: sum(({ dropped }) => dropped),
    right: sum(({ right }) => right),
    wrong,
    asks: sum(({ asks }) => asks),
    payments: merged(({ payments }) => payments),
    reads: merged(({ reads }) => reads),
    lateness: merged(({ lateness }) => lateness),
    seconds: Math.max(...results.map(({ seconds }) => seconds)),
    // Each counts the whole process.
    cpuSeconds: Math.max(...results.map(({ cpuSeconds }) => cpuSeconds)),
  }
}
