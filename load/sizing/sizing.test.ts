import { describe, expect, test } from 'vitest'
import { simulateBatches } from './batchRun.ts'
import { type Costs, readCosts } from './costs.ts'
import { fitFrameCost, framesOfBatch } from './frameCost.ts'
import { sizeOf } from './model.ts'
import { checkPrediction } from './prediction.ts'
import { type SimulationOptions, simulateShards } from './simulation.ts'

/** Costs as a machine would measure them whose worker needs 0.5 µs a payment and 100 µs a frame. */
function costsOfMachine(groups: Readonly<Record<string, readonly [number, number]>>): Costs {
  const figures: Record<string, number> = { 'l1.b1024.c4.per_second': 1e9 }
  for (const [row, payments] of [
    ['l1.b64', 64],
    ['l1.b1024.c1', 1_024],
    ['l1.b1024.c4', 1_024],
    ['l1.b8000', 8_000],
  ] as const) {
    for (const [group, [paymentUs, frameUs]] of Object.entries(groups)) {
      figures[`${row}.cpu_seconds_per_million.${group}`] = paymentUs + (frameUs * framesOfBatch(payments, 4)) / payments
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
  worker: { paymentUs: 1, frameUs: 100 },
  nats: { paymentUs: 0.1, frameUs: 10 },
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

const load: SimulationOptions = {
  shards: 8,
  edges: 4,
  paymentsPerSecond: 4_000,
  seconds: 2,
  seed: 1,
  fsyncP50Us: 200,
  fsyncP99Us: 600,
  worker: { paymentUs: 1, frameUs: 100 },
}

test('no simulated payment is lost or made, and the same seed is the same run', () => {
  const result = simulateShards(load)
  expect(result.completed + result.inFlight).toBe(result.arrived)
  expect(result.inFlight).toBeGreaterThanOrEqual(0)
  expect(Math.abs(result.arrived - 8_000)).toBeLessThan(400)
  expect(simulateShards(load)).toEqual(result)
  expect(simulateShards({ ...load, seed: 2 })).not.toEqual(result)
})

test('an idle payment takes two durable frames and two turns of a thread, with no waiting', () => {
  const alone = { ...load, paymentsPerSecond: 20, seconds: 20, fsyncP99Us: 200 }
  const { p50Ms, framesPerPayment } = simulateShards(alone)
  expect(p50Ms).toBeCloseTo(2 * (0.2 + 0.101), 6)
  expect(framesPerPayment).toBeCloseTo(2 - 1 / 8, 1)
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

test('from the committed costs a region is sized, twice the load takes more of everything, and batches take less', () => {
  const costs = readCosts()
  const request = { tps: 2_000, wallets: 1_000_000, batchedPercent: 0, batchSize: 1_000, p99MsMax: 250 }
  const small = sizeOf(costs, request)
  const large = sizeOf(costs, { ...request, tps: 4_000, wallets: 2_000_000 })
  const batched = sizeOf(costs, { ...request, batchedPercent: 100 })
  expect(large.coresPerRegion).toBeGreaterThan(small.coresPerRegion * 1.5)
  expect(large.memoryBytesPerRegion).toBe(small.memoryBytesPerRegion * 2)
  expect(large.logBytesPerDay).toBeCloseTo(small.logBytesPerDay * 2, 0)
  expect(batched.coresPerRegion).toBeLessThan(small.coresPerRegion / 2)
  expect(small.layers.every(({ singleUs, batchedUs }) => singleUs >= 0 && batchedUs >= 0)).toBe(true)
  const known = new Set(costs.provenance.flatMap(({ figures }) => figures))
  expect(Object.keys(costs.figures).filter((name) => !known.has(name))).toEqual([])
})

test('a cost that was not measured is named, not guessed', () => {
  const { 'cost.verify_p256_us': _, ...figures } = readCosts().figures
  const request = { tps: 100, wallets: 1_000, batchedPercent: 0, batchSize: 1_000, p99MsMax: 250 }
  expect(() => sizeOf({ figures, provenance: [] }, request)).toThrow('the costs hold no cost.verify_p256_us')
})
