import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../processState.ts'
import type { Field, Measured, Scenario } from '../scenario.ts'
import { NotRecovered } from '../scenario.ts'
import type { FarSide } from '../stage.ts'

/** Where a recharge or redemption is held while something is killed: before a far side's work, or after it. */
type Hold = { side: FarSide; operation: string; mode: 'slow' | 'late' }
type Kind = 'recharge' | 'redemption'

const both = (side: FarSide, operation: string): Hold[] => [
  { side, operation, mode: 'slow' },
  { side, operation, mode: 'late' },
]
const holdsOf: Readonly<Record<Kind, readonly Hold[]>> = {
  recharge: [
    ...both('bank', 'debits'),
    ...both('central-bank', 'reserve-transfers'),
    ...both('central-bank', 'issuances'),
  ],
  redemption: [...both('central-bank', 'burns'), ...both('bank', 'credits')],
}
const holdMs = 1_200
const reachedWithinMs = 15_000
const endsWithinMs = 45_000
const askEveryMs = 100

/** Kills a process while a saga of its own stands at a step, and waits until it has ended all the same. */
async function killAt(field: Field, kind: Kind, hold: Hold, victim: (shard: number) => string): Promise<number> {
  const { stage, customers, random } = field
  const wallet = Math.floor(random() * customers.customers.length)
  const name = victim(customers.customers[wallet]!.shard)
  await stage.setFault(hold.side, { operation: hold.operation, mode: hold.mode, delay_ms: holdMs, count: 1 })
  const begun = customers.move(kind, wallet, 1 + Math.floor(random() * 500), 'hasty')
  begun.catch(() => undefined)
  const place = `${kind} at ${hold.operation}, ${hold.mode}`
  await until(reachedWithinMs, async () => (await stage.struck(hold.side)) > 0, `no ${place}`)
  const sinceMs = performance.now()
  const oldPid = await stage.kill(name)
  await stage.back(name, oldPid)
  const saga = await begun
  while (saga.outcome === 'unknown') {
    if (performance.now() - sinceMs > endsWithinMs) throw new NotRecovered(`${place}: not ended after ${name} died`)
    await customers.ask(saga, 'hasty')
    await sleep(askEveryMs)
  }
  await until(
    reachedWithinMs,
    () =>
      stage.clearFaults().then(
        () => true,
        () => false,
      ),
    'the far sides are not back',
  )
  return Math.round(performance.now() - sinceMs)
}

async function killAtEachStep(field: Field, kind: Kind, victim: (shard: number) => string): Promise<Measured> {
  const recoveriesMs: number[] = []
  for (const hold of holdsOf[kind]) recoveriesMs.push(await killAt(field, kind, hold, victim))
  return { recoveriesMs, figures: { 'steps.killed': recoveriesMs.length } }
}

const workers = 2
const victims: Readonly<Record<string, (shard: number) => string>> = {
  bank: () => 'sandbox-bank',
  'central-bank': () => 'sandbox-central-bank',
  connector: () => 'connector',
  worker: (shard) => `worker-${shard % workers}`,
  edge: () => 'edge',
  nats: () => 'nats-server',
}

export const sagaSteps: readonly Scenario[] = (['recharge', 'redemption'] as const).flatMap((kind) =>
  Object.entries(victims).map(([name, victim]) => ({
    name: `${kind}-kill-${name}`,
    title: `kill -9 of the ${name} at each step of a ${kind}`,
    sagaShare: 0,
    run: (field: Field) => killAtEachStep(field, kind, victim),
  })),
)
