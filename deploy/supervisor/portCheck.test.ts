import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../freePort.ts'
import { assertPortFree } from './portCheck.ts'

const childTimeoutMs = 20_000
const program = join(import.meta.dirname, 'portCheck.ts')
const ownedBySystem = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
/** A machine may let everybody listen everywhere, as containers often do. */
const everyPortIsOpen = !existsSync(ownedBySystem) || Number(readFileSync(ownedBySystem, 'utf8')) <= 443

/** What the check says of a port to a user without rights, as whoever runs the tests may not be. */
function saidToOrdinaryUser(port: number): string {
  const code = `
    const { assertPortFree } = await import(${JSON.stringify(program)})
    if (process.getuid() === 0) process.setuid(65534)
    await assertPortFree(${port}, '--port').catch((error) => process.stdout.write(error.message))`
  const args = ['--input-type=module', '--eval', code]
  return execFileSync(process.execPath, args, { encoding: 'utf8', timeout: childTimeoutMs })
}

test('a port on which nobody listens is free, and stays so', async () => {
  const port = await freePort()
  await assertPortFree(port, '--port')
  await assertPortFree(port, '--port')
})

test('a port on which another listens is in use', async () => {
  const port = await freePort()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  await expect(assertPortFree(port, '--second-port')).rejects.toThrow(
    `port ${port} is in use; choose another with --second-port`,
  )
  await new Promise((resolve) => other.close(resolve))
})

test.skipIf(everyPortIsOpen)('a port that is the system’s is not called in use', () => {
  expect(saidToOrdinaryUser(443)).toBe('this user may not listen on port 443; choose a higher one with --port')
})
