import { setTimeout as sleep } from 'node:timers/promises'
import { pick } from '../random.ts'
import { type Field, type Measured, recovered, type Scenario } from '../scenario.ts'

const killsEach = 3
const betweenKillsMs = 1_500
const stormKills = 12
const stormEveryMs = 2_000

/** kill -9, and the wait until every shard pays again and the process is back. */
async function killAndRecover(field: Field, name: string): Promise<number> {
  const sinceMs = performance.now()
  const oldPid = await field.stage.kill(name)
  await field.stage.back(name, oldPid)
  return recovered(field, sinceMs)
}

async function killInTurn(field: Field, names: () => readonly string[]): Promise<Measured> {
  const recoveriesMs: number[] = []
  for (let n = 0; n < killsEach; n++) {
    const all = names()
    recoveriesMs.push(await killAndRecover(field, all[n % all.length]!))
    await sleep(betweenKillsMs)
  }
  return { recoveriesMs, figures: { 'processes.killed': killsEach } }
}

const killOf = (name: string, title: string, prefix: string): Scenario => ({
  name,
  title,
  run: (field) => killInTurn(field, () => field.stage.names(prefix)),
})

async function killAllWorkers(field: Field): Promise<Measured> {
  const sinceMs = performance.now()
  const workers = field.stage.names('worker-')
  const oldPids = await Promise.all(workers.map((name) => field.stage.kill(name)))
  await Promise.all(workers.map((name, i) => field.stage.back(name, oldPids[i]!)))
  return { recoveriesMs: [await recovered(field, sinceMs)], figures: { 'processes.killed': workers.length } }
}

/** Does not wait for anything: faults fall on what has not recovered from the one before. */
async function storm(field: Field): Promise<Measured> {
  const { stage, random } = field
  for (let n = 0; n < stormKills; n++) {
    const names = Object.keys(stage.facts().pids)
    try {
      await stage.kill(pick(random, names))
    } catch {
      // It was just being started: the next turn strikes another.
    }
    await sleep(stormEveryMs * (0.5 + random()))
  }
  return { recoveriesMs: [await recovered(field, performance.now())] }
}

async function powerCut(field: Field): Promise<Measured> {
  const sinceMs = performance.now()
  await field.stage.powerCut()
  return { recoveriesMs: [await recovered(field, sinceMs)] }
}

export const kills: readonly Scenario[] = [
  killOf('kill-worker', 'kill -9 of each worker in turn', 'worker-'),
  killOf('kill-edge', 'kill -9 of the edge', 'edge'),
  killOf('kill-nats', 'kill -9 of the nats-server', 'nats-server'),
  killOf('kill-projector', 'kill -9 of the projector', 'projector'),
  { name: 'kill-workers', title: 'kill -9 of all workers at once', run: killAllWorkers },
  { name: 'kill-storm', title: 'kill -9 of anything, every two seconds', sagaShare: 0.2, run: storm },
  { name: 'power-cut', title: 'kill -9 of everything at once, supervisor included, and a new start', run: powerCut },
]
