import type { Region } from '../region.ts'

const killEveryMs = 4_000

/** Kills the given kinds of processes in turn, the worker at random, until it is called off. @returns how to stop it */
export function killInTurns(region: Region, random: () => number, onKill: (name: string) => void): () => string[] {
  const killed: string[] = []
  let turn = 0
  const timer = setInterval(() => {
    const { pids } = region.facts()
    const workers = Object.keys(pids).filter((name) => name.startsWith('worker-'))
    const victims = [workers[Math.floor(random() * workers.length)], 'edge', 'nats-server', 'connector', 'projector']
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
  return () => {
    clearInterval(timer)
    return killed
  }
}
