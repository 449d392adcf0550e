import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './simulate.ts'

const { first, end, step } = workerData as { first: number; end: number; step: number }

for (let seed = first; seed < end; seed += step) parentPort!.postMessage(await simulate(seed))
