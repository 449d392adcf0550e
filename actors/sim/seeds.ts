import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type SimulationResult, simulate } from './simulate.ts'

const threadsMax = 8
/** Starting a thread costs as much as a few seeds. */
const seedsPerThreadMin = 10

/**
 * Runs the seeds from `first` on and hands over their results in the order of the seeds. A seed is run by one thread;
 * several seeds at once by as many threads as there are cores.
 */
export async function runSeeds(
  { first, count, regions }: { first: number; count: number; regions: number },
  onResult: (result: SimulationResult) => void,
): Promise<void> {
  const threads = Math.min(availableParallelism(), threadsMax, Math.floor(count / seedsPerThreadMin))
  if (threads < 2) {
    for (let seed = first; seed < first + count; seed++) onResult(await simulate(seed, { regions }))
    return
  }
  const results = new Map<number, SimulationResult>()
  let next = first
  const take = (result: SimulationResult): void => {
    results.set(result.seed, result)
    for (let ready = results.get(next); ready !== undefined; ready = results.get(next)) {
      results.delete(next++)
      onResult(ready)
    }
  }
  const share = (thread: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData = { first: first + thread, end: first + count, step: threads, regions }
      const worker = new Worker(new URL('seedWorker.ts', import.meta.url), { workerData })
      worker.on('message', take)
      worker.on('error', reject)
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread of seeds ended with ${code}`))))
    })
  await Promise.all(Array.from({ length: threads }, (_, thread) => share(thread)))
}
