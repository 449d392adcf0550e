import { setTimeout as sleep } from 'node:timers/promises'
import type { Region } from '../region.ts'

export type Rhythm = { everyMs: number; backWithinMs: number }

const rhythm: Rhythm = { everyMs: 3_000, backWithinMs: 30_000 }
const lookEveryMs = 100

export type Kills = {
  /** Names of the processes killed so far. */
  readonly killed: readonly string[]
  stop(): Promise<void>
}

/**
 * Kills the given kinds of processes in turn, the worker at random, until it is called off. The next is not killed
 * before the last has been started again: a slow machine would otherwise do nothing but start processes.
 */
export function killInTurns(
  region: Pick<Region, 'facts'>,
  random: () => number,
  onKill: (name: string) => void,
  { everyMs, backWithinMs } = rhythm,
): Kills {
  const killed: string[] = []
  const off = new AbortController()
  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: off.signal })

  async function waitFor(name: string, oldPid: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < backWithinMs; waitedMs += lookEveryMs) {
      const pid = region.facts().pids[name]
      if (pid !== undefined && pid !== oldPid) return
      await pause(lookEveryMs)
    }
  }

  async function run(): Promise<void> {
    for (let turn = 0; ; turn++) {
      await pause(everyMs)
      const { pids } = region.facts()
      const workers = Object.keys(pids).filter((name) => name.startsWith('worker-'))
      const worker = workers[Math.floor(random() * workers.length)]
      const victims = [worker, 'edge', 'nats-server', 'connector', 'sandbox-bank', 'projector']
      const name = victims[turn % victims.length]
      const pid = name === undefined ? undefined : pids[name]
      if (name === undefined || pid === undefined) continue
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It had just ended: the next turn finds another.
        continue
      }
      killed.push(name)
      onKill(name)
      await waitFor(name, pid)
    }
  }

  // It ends when it is called off, or with the region.
  const running = run().catch(() => undefined)
  return {
    killed,
    stop: async () => {
      off.abort()
      await running
    },
  }
}
