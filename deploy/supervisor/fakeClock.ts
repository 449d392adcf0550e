import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from './dataFolder.ts'
import type { StartOptions } from './options.ts'

const hasClock = (process: string): boolean => process === 'edge' || process.startsWith('worker-')

/**
 * For a region that is begun with `--fake-clock`: an edge and each worker reads its wall clock through libfaketime,
 * which adds what stands in a file of the process's own. A clock that only goes forward is not touched.
 */
export function fakeClock(options: Pick<StartOptions, 'data' | 'fakeClock'>, process: string): Record<string, string> {
  const { data, fakeClock: library } = options
  if (library === undefined || !hasClock(process)) return {}
  const folder = join(data, 'run', 'clocks')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, process)
  writeDurably(file, '+0\n')
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}
