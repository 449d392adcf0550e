import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { RegionFacts } from '../region.ts'
import { killInTurns } from './kills.ts'

const names = ['worker-0', 'worker-1', 'edge', 'nats-server', 'connector', 'sandbox-bank', 'projector']
const rhythm = { everyMs: 10, backWithinMs: 60_000 }

const running = new Map<string, ChildProcess>()
const start = (name: string): unknown => running.set(name, spawn('sleep', ['600'], { stdio: 'ignore' }))
afterEach(() => {
  for (const child of running.values()) child.kill('SIGKILL')
  running.clear()
})

const region = {
  facts: () => ({ pids: Object.fromEntries([...running].map(([name, { pid }]) => [name, pid!])) }) as RegionFacts,
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 1_000) throw new Error('it did not come to this')
    await sleep(10)
  }
}

test('one process after the other is killed, each only when the last is back', async () => {
  for (const name of names) start(name)
  const kills = killInTurns(
    region,
    () => 0,
    () => undefined,
    rhythm,
  )
  const order = ['worker-0', 'edge', 'nats-server', 'connector', 'sandbox-bank', 'projector', 'worker-0']
  for (const [turn, name] of order.entries()) {
    const child = running.get(name)!
    await until(() => kills.killed.length > turn)
    if (child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    await sleep(5 * rhythm.everyMs)
    expect(kills.killed).toEqual(order.slice(0, turn + 1))
    if (turn < order.length - 1) start(name)
  }
  await kills.stop()
})

test('none is killed once it is called off, and a region that has ended is no failure', async () => {
  for (const name of names) start(name)
  const kills = killInTurns(
    region,
    () => 0.99,
    () => undefined,
    { everyMs: 60_000, backWithinMs: 1 },
  )
  await kills.stop()
  expect(kills.killed).toEqual([])
  const gone = {
    facts: () => {
      throw new Error('no region runs any more')
    },
  }
  const others = killInTurns(
    gone,
    () => 0,
    () => undefined,
    rhythm,
  )
  await sleep(5 * rhythm.everyMs)
  await others.stop()
  expect(others.killed).toEqual([])
})
