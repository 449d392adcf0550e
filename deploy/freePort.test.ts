import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, promisePort } from './freePort.ts'

test('a port is given once, and not while somebody listens on it', async () => {
  const first = await freePort()
  const server = createServer().listen(first + 1, '127.0.0.1')
  await once(server, 'listening')
  const more = [await freePort(), await freePort(), await freePort()]
  server.close()
  expect(more).not.toContain(first + 1)
  expect(new Set([first, ...more]).size).toBe(4)
  expect(Math.max(...more)).toBeLessThan(32_768)
})

test('a port that was promised to somebody who does not listen yet is given to nobody else', async () => {
  const first = await freePort()
  promisePort(first + 1)
  expect([await freePort(), await freePort()]).not.toContain(first + 1)
})
