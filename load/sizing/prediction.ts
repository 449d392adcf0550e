import { simulateBatches } from './batchRun.ts'
import { type Costs, figureOf } from './costs.ts'
import { costOfRecord, fitFrameCost, framesOfBatch, recordsOfPayment, shardsMeasured } from './frameCost.ts'

const groups = ['worker', 'nats', 'generator'] as const
/** Its run says how long processes wait for one another. */
const hopRow = 'l1.b1024.c4'
const batch = 1_024
const inFlight = 4
const workersMax = 2
const shardCounts = [1, 2, 4] as const
const errorMax = 0.2
const simulatedBatches = 4_000
const hopUsMax = 2_000

export type PredictionCheck = {
  readonly shards: number
  readonly predictedPerSecond: number
  readonly measuredPerSecond: number | undefined
  /** Processor microseconds of a payment: what the prediction stands on, and does not depend on who else is at work. */
  readonly predictedUs: number
  readonly measuredUs: number | undefined
  readonly error: number | undefined
  readonly holds: boolean | undefined
}

/** Payments a second of batches of 1,024, four of them in flight, on one machine of so many cores. */
export function predictPerSecond(costs: Costs, shards: number, cores: number, hopUs = fitHopUs(costs)): number {
  const workers = Math.min(shards, workersMax)
  return simulateBatches({ ...partsOf(costs, cores), shards, workers, inFlight, hopUs })
}

/**
 * What neither a processor nor a disk is busy with: the run of four shards that one worker leads lacks that much at each
 * step from one process to the next. Runs of other shards and workers are predicted with it. It is found on the cores that
 * the costs were measured with: on those of another run it would make up for what that run had less.
 */
function fitHopUs(costs: Costs): number {
  const measured = figureOf(costs, `${hopRow}.per_second`)
  const lone = { ...partsOf(costs, coresOfHopRow(costs)), shards: shardsMeasured, workers: 1, inFlight }
  let [lowUs, highUs] = [0, hopUsMax]
  for (let halvings = 0; halvings < 12; halvings++) {
    const hopUs = (lowUs + highUs) / 2
    if (simulateBatches({ ...lone, hopUs }) > measured) lowUs = hopUs
    else highUs = hopUs
  }
  return lowUs
}

function coresOfHopRow({ figures, provenance }: Costs): number {
  const run = provenance.find(({ figures }) => figures.includes(`${hopRow}.per_second`))
  const cores = figures[`${hopRow}.cores_left`] ?? run?.cores
  if (cores === undefined) throw new Error(`the costs do not say on how many cores ${hopRow} was measured`)
  return cores
}

function partsOf(costs: Costs, cores: number) {
  return {
    cores,
    batch,
    batches: simulatedBatches,
    seed: 1,
    fsyncP50Us: figureOf(costs, 'fsync.p50_us'),
    fsyncP99Us: figureOf(costs, 'fsync.p99_us'),
    worker: costOfRecord(costs, 'worker'),
    nats: costOfRecord(costs, 'nats'),
    // The generator makes each payment once, however many shards it goes through.
    generator: fitFrameCost(costs, 'generator'),
  }
}

function predictUs(costs: Costs, shards: number, group: (typeof groups)[number]): number {
  const sources = Math.min(inFlight, shards) / Math.min(shards, workersMax)
  const frames = framesOfBatch(batch, shards, sources) / batch
  if (group === 'generator') {
    const { paymentUs, frameUs } = fitFrameCost(costs, group)
    return paymentUs + frameUs * frames
  }
  const { recordUs, frameUs } = costOfRecord(costs, group)
  return recordUs * recordsOfPayment(shards) + frameUs * frames
}

/**
 * Predicts runs of 1, 2 and 4 shards and compares them with what a ladder measured. The costs must not come from these
 * rows; they come from batches of other shapes over four shards. Each run had the cores that other programs left to it,
 * which its row says; a machine that runs nothing else leaves all.
 */
export function checkPrediction(
  costs: Costs,
  measured: Readonly<Record<string, number>>,
  cores: number,
): PredictionCheck[] {
  const hopUs = fitHopUs(costs)
  return shardCounts.map((shards) => {
    const row = `l1.shards${shards}.b1024`
    const predictedPerSecond = predictPerSecond(costs, shards, measured[`${row}.cores_left`] ?? cores, hopUs)
    const measuredPerSecond = measured[`${row}.per_second`]
    const error = measuredPerSecond === undefined ? undefined : predictedPerSecond / measuredPerSecond - 1
    const holds = error === undefined ? undefined : Math.abs(error) <= errorMax
    const predictedUs = groups.reduce((sum, group) => sum + predictUs(costs, shards, group), 0)
    const measuredUs = measured[`${row}.cpu_seconds_per_million`]
    return { shards, predictedPerSecond, measuredPerSecond, predictedUs, measuredUs, error, holds }
  })
}
