import { describe, expect, test } from 'vitest'
import { simulateBatches } from './batchRun.ts'
import { type Costs, readCosts } from './costs.ts'
import { fitFrameCost, framesOfBatch, partsOfBatch, recordsOfPayment } from './frameCost.ts'
import { sizeOf } from './model.ts'
import { checkPrediction, predictPerSecond } from './prediction.ts'
import { type SimulationOptions, simulateShards } from './simulation.ts'

/** Costs as a machine would measure them whose worker needs 0.5 µs a payment and 100 µs a frame. */
function costsOfMachine(groups: Readonly<Record<string, readonly [number, number]>>): Costs {
  const figures: Record<string, number> = { 'l1.b1024.c4.per_second': 1e9, 'l1.b1024.c4.cores_left': 2 }
  for (const [row, payments, sources] of [
    ['l1.b64', 64, 4],
    ['l1.b1024.c1', 1_024, 1],
    ['l1.b1024.c4', 1_024, 4],
    ['l1.b8000', 8_000, 4],
  ] as const) {
    const frames = framesOfBatch(payments, 4, sources) / payments
    for (const [group, [paymentUs, frameUs]] of Object.entries(groups)) {
      figures[`${row}.cpu_seconds_per_million.${group}`] = paymentUs + frameUs * frames
    }
  }
  return { figures, provenance: [] }
}

const machine = costsOfMachine({ worker: [0.5, 100], nats: [0.3, 60], generator: [0.2, 20] })

test('a batch into one shard alone is one frame, a large one reaches every other shard once', () => {
  expect(framesOfBatch(1_000, 1)).toBe(1)
  expect(framesOfBatch(1, 4)).toBeCloseTo(1.75, 9)
  expect(framesOfBatch(1_000, 4)).toBeCloseTo(4, 9)
  expect(framesOfBatch(10, 1_000)).toBeCloseTo(10.95, 1)
})

test('batches that four shards of one thread send at once share a frame to each', () => {
  expect(framesOfBatch(1_000, 4, 2)).toBeCloseTo(3, 9)
  expect(framesOfBatch(1_000, 4, 4)).toBeCloseTo(2, 9)
})

test('a batch whose payers are anywhere has a part for each shard that it pays out of', () => {
  expect(partsOfBatch(1, 16)).toBeCloseTo(1, 9)
  expect(partsOfBatch(1_000, 16)).toBeCloseTo(16, 9)
  expect(partsOfBatch(2, 2)).toBeCloseTo(1.5, 9)
})

test('what a payment and what a frame costs is found again in rows that were made of it', () => {
  expect(fitFrameCost(machine, 'worker').paymentUs).toBeCloseTo(0.5, 6)
  expect(fitFrameCost(machine, 'worker').frameUs).toBeCloseTo(100, 6)
  expect(fitFrameCost(machine, 'nats').frameUs).toBeCloseTo(60, 6)
})

test('no part of a cost is below nothing, whatever noise the rows hold', () => {
  const figures = { 'l1.b64.cpu_seconds_per_million.worker': 50, 'l1.b8000.cpu_seconds_per_million.worker': 0.1 }
  const { paymentUs, frameUs } = fitFrameCost({ figures, provenance: [] }, 'worker')
  expect(paymentUs).toBeGreaterThanOrEqual(0)
  expect(frameUs).toBeGreaterThan(0)
  expect(() => fitFrameCost({ figures: {}, provenance: [] }, 'worker')).toThrow(/fewer than two rows/)
})

const circle = {
  shards: 1,
  workers: 1,
  cores: 64,
  batch: 1_000,
  inFlight: 4,
  batches: 500,
  seed: 1,
  hopUs: 0,
  fsyncP50Us: 10,
  fsyncP99Us: 10,
  worker: { recordUs: 1, frameUs: 100 },
  nats: { recordUs: 0.1, frameUs: 10 },
  generator: { paymentUs: 0.1, frameUs: 10 },
}

describe('batches in a closed circle', () => {
  test('over one shard are bound by its one thread, whatever cores the machine has', () => {
    expect(simulateBatches(circle)).toBeCloseTo(1e6 / 1.1, -3)
    expect(simulateBatches({ ...circle, cores: 2 })).toBeCloseTo(1e6 / 1.1, -3)
  })

  test('on one core take the sum of all that they cost', () => {
    expect(simulateBatches({ ...circle, cores: 1 })).toBeCloseTo(1e6 / (1.1 + 0.11 + 0.11), -3)
    // 1,750 records in four frames, for server and worker; made once, and heard of three times more.
    const four = { ...circle, cores: 1, shards: 4, workers: 2 }
    const us = 1.75 * (1 + 0.1) + 4 * (0.1 + 0.01) + 0.1 + 4 * 0.01
    expect(simulateBatches(four)).toBeCloseTo(1e6 / us, -3)
  })

  test('that four shards of one thread owe at once share frames: each log takes two a round, not four', () => {
    const slowLog = {
      nats: { recordUs: 0, frameUs: 1_000 },
      worker: { recordUs: 0.01, frameUs: 1 },
      generator: { paymentUs: 0.01, frameUs: 1 },
    }
    const four = { ...circle, ...slowLog, shards: 4, inFlight: 4 }
    const roundOf = (frames: number): number => (4 * four.batch * 1e6) / (frames * 1_000)
    expect(simulateBatches(four)).toBeGreaterThan(roundOf(2) * 0.9)
    expect(simulateBatches({ ...four, workers: 4 })).toBeLessThan(roundOf(4))
  })

  test('one at a time take the sum of all that they wait for', () => {
    const slow = { ...circle, inFlight: 1, fsyncP50Us: 5_000, fsyncP99Us: 5_000 }
    expect(simulateBatches(slow)).toBeCloseTo(1e9 / (1_100 + 110 + 110 + 5_000), -3)
    // From the generator to the log, to the worker, and back.
    expect(simulateBatches({ ...slow, hopUs: 500 })).toBeCloseTo(1e9 / (1_100 + 110 + 110 + 5_000 + 3 * 500), -3)
  })

  test('a log takes the next frame once the one before is synced', () => {
    const slow = { ...circle, fsyncP50Us: 5_000, fsyncP99Us: 5_000 }
    expect(simulateBatches(slow)).toBeCloseTo(1e9 / (110 + 5_000), -3)
  })

  test('the same seed is the same run', () => {
    const jittery = { ...circle, fsyncP50Us: 500, fsyncP99Us: 5_000, inFlight: 1 }
    expect(simulateBatches(jittery)).toBe(simulateBatches(jittery))
    expect(simulateBatches({ ...jittery, seed: 2 })).not.toBe(simulateBatches(jittery))
  })
})

test('a prediction holds within a fifth, fails beyond it, and is unknown where nothing was measured', () => {
  const fsync = { 'fsync.p50_us': 200, 'fsync.p99_us': 600 }
  const costs = { ...machine, figures: { ...machine.figures, ...fsync } }
  const [one, two, four] = checkPrediction(costs, {}, 2)
  expect([one!.holds, two!.holds, four!.holds]).toEqual([undefined, undefined, undefined])
  const measured = {
    'l1.shards1.b1024.per_second': one!.predictedPerSecond * 1.05,
    'l1.shards2.b1024.per_second': two!.predictedPerSecond / 1.19,
    'l1.shards4.b1024.per_second': four!.predictedPerSecond / 1.21,
  }
  expect(checkPrediction(costs, measured, 2).map(({ holds }) => holds)).toEqual([true, true, false])
  const crowded = { ...measured, 'l1.shards4.b1024.cores_left': 1 }
  expect(checkPrediction(costs, crowded, 2)[2]!.predictedPerSecond).toBeLessThan(four!.predictedPerSecond * 0.6)
  expect(() => checkPrediction(machine, {}, 2)).toThrow(/fsync/)
})

test('a run that had less of the machine is predicted no faster', () => {
  const costs = readCosts()
  const perSecond = [1.9, 2].map((cores) => predictPerSecond(costs, 1, cores))
  expect(perSecond).toEqual(perSecond.toSorted((a, b) => a - b))
})

const load: SimulationOptions = {
  shards: 8,
  edges: 4,
  paymentsPerSecond: 4_000,
  batchesPerSecond: 0,
  batchSize: 1_000,
  seconds: 2,
  seed: 1,
  fsyncP50Us: 200,
  fsyncP99Us: 600,
  nats: { recordUs: 1, frameUs: 50 },
  worker: { recordUs: 1, frameUs: 100 },
  signedUs: 0,
}

test('no simulated payment is lost or made, and the same seed is the same run', () => {
  const result = simulateShards(load)
  expect(result.completed + result.inFlight).toBe(result.arrived)
  expect(result.inFlight).toBeGreaterThanOrEqual(0)
  expect(Math.abs(result.arrived - 8_000)).toBeLessThan(400)
  expect(simulateShards(load)).toEqual(result)
  expect(simulateShards({ ...load, seed: 2 })).not.toEqual(result)
})

test('an idle payment passes server, log and thread twice, with no waiting', () => {
  const alone = { ...load, paymentsPerSecond: 20, seconds: 20, fsyncP99Us: 200 }
  const { p50Ms, framesPerPayment } = simulateShards(alone)
  expect(p50Ms).toBeCloseTo(2 * (0.051 + 0.2 + 0.101), 6)
  expect(simulateShards({ ...alone, signedUs: 500 }).p50Ms).toBeCloseTo(p50Ms + 0.5, 6)
  expect(framesPerPayment).toBeCloseTo(2 - 1 / 8, 1)
})

test('an idle batch is a frame to each shard that pays, and from there one to each other', () => {
  const batches = { ...load, paymentsPerSecond: 0, batchesPerSecond: 4, batchSize: 1_000, seconds: 10 }
  const { framesPerBatched, framesPerSigned, arrived } = simulateShards(batches)
  expect(arrived % 1_000).toBe(0)
  expect(framesPerSigned).toBeUndefined()
  expect(framesPerBatched).toBeCloseTo((8 + 8 * 7) / 1_000, 3)
})

test('batches take their part of threads and logs beside signed payments', () => {
  const busy = simulateShards({ ...load, batchesPerSecond: 100 })
  const calm = simulateShards(load)
  expect(busy.workerBusy).toBeGreaterThan(calm.workerBusy * 1.5)
  expect(busy.logBusy).toBeGreaterThan(calm.logBusy * 1.2)
})

test('what is more than the threads can do piles up, what is less does not', () => {
  const slow = { ...load, nats: { recordUs: 0, frameUs: 0 }, worker: { recordUs: 1_000, frameUs: 0 } }
  const perSecondMax = (1e6 * load.shards) / (slow.worker.recordUs * recordsOfPayment(load.shards))
  const growthAt = (share: number): number =>
    simulateShards({ ...slow, paymentsPerSecond: perSecondMax * share, seconds: 4 }).backlogGrowth
  expect(growthAt(0.7)).toBeCloseTo(0, 1)
  expect(growthAt(1.3)).toBeGreaterThan(0.15)
})

test('the same load over more shards makes more frames a payment', () => {
  const frames = [2, 16, 128].map((shards) => {
    return simulateShards({ ...load, shards, paymentsPerSecond: 20_000, seconds: 1 }).framesPerPayment
  })
  expect(frames[0]!).toBeLessThan(frames[1]!)
  expect(frames[1]!).toBeLessThan(frames[2]!)
  expect(frames[2]!).toBeLessThanOrEqual(2)
})

test('beyond what a thread can do payments gather: the frames grow, the latency too, and the thread is never more than busy', () => {
  const calm = simulateShards(load)
  const busy = simulateShards({ ...load, paymentsPerSecond: 100_000, seconds: 1 })
  expect(busy.paymentsPerFrameMean).toBeGreaterThan(calm.paymentsPerFrameMean * 2)
  expect(busy.p99Ms).toBeGreaterThan(calm.p99Ms)
  expect(busy.workerBusy).toBeLessThan(1 + 1e-9)
  expect(busy.logBusy).toBeLessThan(1 + 1e-9)
})

const request = { tps: 2_000, wallets: 1_000_000, batchedPercent: 0, batchSize: 1_000, p99MsMax: 250 }

/** The committed costs, but for a worker that needs so long for a payment, and nothing for a frame. */
function costsWithWorker(paymentUs: number): Costs {
  const { figures, provenance } = readCosts()
  return { figures: { ...figures, ...costsOfMachine({ worker: [paymentUs, 0] }).figures }, provenance }
}

test('from the committed costs a region is sized, twice the load takes more of everything, and batches take less', () => {
  const costs = readCosts()
  const small = sizeOf(costs, request)
  const large = sizeOf(costs, { ...request, tps: 4_000, wallets: 2_000_000 })
  const batched = sizeOf(costs, { ...request, batchedPercent: 100 })
  expect(large.coresPerRegion).toBeGreaterThan(small.coresPerRegion * 1.5)
  expect(large.memoryBytesPerRegion).toBe(small.memoryBytesPerRegion * 2)
  expect(large.journalBytesPerDay).toBeCloseTo(small.journalBytesPerDay * 2, 0)
  // Twice the payments share their frames with more others, and each frame takes its own bytes.
  expect(large.logBytesPerDay).toBeGreaterThan(small.logBytesPerDay * 1.1)
  expect(large.logBytesPerDay).toBeLessThan(small.logBytesPerDay * 2)
  expect(batched.coresPerRegion).toBeLessThan(small.coresPerRegion / 2)
  const known = new Set(costs.provenance.flatMap(({ figures }) => figures))
  expect(Object.keys(costs.figures).filter((name) => !known.has(name))).toEqual([])
})

test('every group of processes that L3 was measured with is in the sum, but for the generator', () => {
  const costs = readCosts()
  const prefix = 'l3.c256.cpu_seconds_per_million.'
  const groups = Object.keys(costs.figures).filter((name) => name.startsWith(prefix) && !name.endsWith('generator'))
  const { parts, coresPerRegion } = sizeOf(costs, request)
  expect(parts.map(({ name }) => name)).toContain('archiver')
  expect(parts).toHaveLength(groups.length)
  expect(coresPerRegion).toBeCloseTo(
    parts.reduce((sum, { cores }) => sum + cores, 0),
    9,
  )
})

test("a payment's own part is charged to the threads once, over all its records", () => {
  const { growth, shards, parts } = sizeOf(costsWithWorker(1_000), request)
  const { simulation } = growth.find((choice) => choice.shards === shards)!
  const { usPerPayment } = parts.find(({ name }) => name === 'workers')!
  expect((simulation.workerBusy * shards) / ((request.tps * usPerPayment) / 1e6)).toBeCloseTo(1, 1)
  // Measured over four shards, where a payment has 1.75 records.
  expect(usPerPayment).toBeCloseTo((1_000 * recordsOfPayment(shards)) / 1.75, -1)
})

test('more than shards can carry does not keep up, whatever patience there is', () => {
  const costs = costsWithWorker(14_000)
  const of16 = (16 * 1e6) / ((14_000 / 1.75) * recordsOfPayment(16))
  const keepsUp = (share: number): boolean =>
    sizeOf(costs, { ...request, tps: of16 * share, p99MsMax: 60_000 }).growth.find(({ shards }) => shards === 16)!
      .keepsUp
  expect(keepsUp(1.3)).toBe(false)
  expect(keepsUp(0.7)).toBe(true)
})

test('batches that fill their frames less take more of the logs, and are not taken as carried unseen', () => {
  const costs = readCosts()
  const batchesOf = (batchSize: number) => sizeOf(costs, { ...request, batchedPercent: 100, batchSize })
  expect(batchesOf(50).logBytesPerDay).toBeGreaterThan(batchesOf(8_000).logBytesPerDay * 2)
  const slow = costsWithWorker(14_000)
  const inBatches = { ...request, batchedPercent: 100, batchSize: 100, p99MsMax: 60_000 }
  expect(sizeOf(slow, inBatches).growth[0]!.keepsUp).toBe(false)
})

test('a cost that was not measured is named, not guessed', () => {
  const { 'cost.verify_p256_us': _, ...figures } = readCosts().figures
  expect(() => sizeOf({ figures, provenance: [] }, { ...request, tps: 100 })).toThrow(
    'the costs hold no cost.verify_p256_us',
  )
})
