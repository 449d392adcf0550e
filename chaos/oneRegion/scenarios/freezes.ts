import { setTimeout as sleep } from 'node:timers/promises'
import { NotDemonstrated } from '../../processState.ts'
import { type Field, type Measured, recovered, type Scenario } from '../scenario.ts'

/** Past a worker's lease: another has taken its shards when it wakes. */
const workerFrozenMs = 9_000
const natsFrozenMs = 4_000
const edgeFrozenMs = 3_000
const afterwardsMs = 3_000

/** Two leaders: the frozen worker wakes and does not know yet that its shards have another one. */
async function twoLeaders(field: Field): Promise<Measured> {
  const sinceMs = performance.now()
  let awake = false
  const frozen = field.stage.freeze('worker-0', workerFrozenMs).then(() => {
    awake = true
  })
  frozen.catch(() => undefined)
  const tookMs = await recovered(field, sinceMs)
  if (awake) throw new NotDemonstrated('nobody took the shards over while their worker stood still')
  await frozen
  await sleep(afterwardsMs)
  return { recoveriesMs: [tookMs] }
}

const frozenOf = (name: string, process: string, forMs: number): Scenario => ({
  name,
  title: `SIGSTOP of the ${process} for ${forMs / 1_000} s`,
  async run(field) {
    await field.stage.freeze(process, forMs)
    return { recoveriesMs: [await recovered(field, performance.now())] }
  },
})

export const freezes: readonly Scenario[] = [
  {
    name: 'two-leaders',
    title: `SIGSTOP of a worker for ${workerFrozenMs / 1_000} s, past its lease, and SIGCONT`,
    run: twoLeaders,
  },
  frozenOf('freeze-nats', 'nats-server', natsFrozenMs),
  frozenOf('freeze-edge', 'edge', edgeFrozenMs),
]
