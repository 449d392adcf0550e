import { expect, test } from 'vitest'
import { KeptServer, type ServerProcess } from './keptServer.ts'

type Controlled = ServerProcess & { die(): void }

function controlled(pid: number): Controlled {
  const { promise: exited, resolve: die } = Promise.withResolvers<void>()
  return { pid, exited, die, stop: async () => die(), kill: die }
}

/** A server whose next starts go as the list says. */
function keptServer(starts: (Controlled | Error)[], hopeless: string[]): KeptServer<Controlled> {
  return new KeptServer({
    name: 'server',
    start: async () => {
      const next = starts.length > 1 ? starts.shift()! : starts[0]!
      if (next instanceof Error) throw next
      return next
    },
    onHopeless: (reason) => {
      hopeless.push(reason)
      return 'give up'
    },
  })
}

test('a server that cannot be started for a moment is tried again', async () => {
  const [first, second] = [controlled(1), controlled(2)]
  const hopeless: string[] = []
  const server = keptServer([first, new Error('no process to give'), second], hopeless)
  await server.start()
  first.die()
  while (server.pid !== 2 && hopeless.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  expect({ pid: server.pid, hopeless }).toEqual({ pid: 2, hopeless: [] })
})

test('a server that cannot be started again and again is hopeless', { timeout: 30_000 }, async () => {
  const first = controlled(1)
  const hopeless: string[] = []
  const server = keptServer([first, new Error('the disk is gone')], hopeless)
  await server.start()
  first.die()
  while (hopeless.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(hopeless).toEqual(['server cannot be started again: the disk is gone'])
  expect(server.pid).toBeUndefined()
})
