import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './simulate.ts'

const { first, end, step, regions } = workerData as Record<'first' | 'end' | 'step' | 'regions', number>

for (let seed = first; seed < end; seed += step) parentPort!.postMessage(await simulate(seed, { regions }))
