import type { Region } from '../region.ts'

const killEveryMs = 3_000

export type Kills = {
  /** Names of the processes killed so far. */
  readonly killed: readonly string[]
  stop(): void
}

/** Kills the given kinds of processes in turn, the worker at random, until it is called off. */
export function killInTurns(region: Region, random: () => number, onKill: (name: string) => void): Kills {
  const killed: string[] = []
  let turn = 0
  const timer = setInterval(() => {
    const { pids } = region.facts()
    const workers = Object.keys(pids).filter((name) => name.startsWith('worker-'))
    const worker = workers[Math.floor(random() * workers.length)]
    const victims = [worker, 'edge', 'nats-server', 'connector', 'sandbox-bank', 'projector']
    const name = victims[turn++ % victims.length]
    const pid = name === undefined ? undefined : pids[name]
    if (name === undefined || pid === undefined) return
    try {
      process.kill(pid, 'SIGKILL')
      killed.push(name)
      onKill(name)
    } catch {
      // It had just ended: the next turn finds it again.
    }
  }, killEveryMs)
  return { killed, stop: () => clearInterval(timer) }
}
