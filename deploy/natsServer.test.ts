import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from './freePort.ts'
import { versionAtLeast } from './goTools.ts'
import { ensureNatsServer, startNatsServer } from './natsServer.ts'

const before = { path: process.env.PATH, server: process.env.NATS_SERVER }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-tools-'))
  process.env.PATH = folder
  delete process.env.NATS_SERVER
})

afterEach(() => {
  process.env.PATH = before.path
  if (before.server !== undefined) process.env.NATS_SERVER = before.server
  rmSync(folder, { recursive: true, force: true })
})

function program(name: string, says: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\necho '${says}'\n`)
  chmodSync(file, 0o755)
  return file
}

describe('a nats-server', () => {
  test('is taken from NATS_SERVER before any other', async () => {
    program('nats-server', 'nats-server: v2.15.0')
    const named = program('named', 'nats-server: v2.16.1')
    process.env.NATS_SERVER = named
    expect(await ensureNatsServer({ toolsDir: folder })).toEqual({ path: named, version: '2.16.1' })
  })

  test('is taken from PATH when it is new enough', async () => {
    const path = program('nats-server', 'nats-server: v2.14.7')
    expect(await ensureNatsServer({ toolsDir: folder })).toEqual({ path, version: '2.14.7' })
  })

  test('that is named and too old is refused', async () => {
    process.env.NATS_SERVER = program('named', 'nats-server: v2.10.20')
    await expect(ensureNatsServer({ toolsDir: folder })).rejects.toThrow(
      `nats-server 2.10.20 at ${process.env.NATS_SERVER} is too old: at least 2.14.7 is needed`,
    )
  })

  const ways =
    'no nats-server was found and Go >= 1.26 is not here to build it: put nats-server >= 2.14.7 on PATH, or name it in NATS_SERVER, or install Go >= 1.26'

  test('that is nowhere, without Go, gets one line with the ways to have one', async () => {
    await expect(ensureNatsServer({ toolsDir: folder })).rejects.toThrow(ways)
  })

  test('that is too old on PATH, with a Go that is too old, likewise', async () => {
    program('nats-server', 'nats-server: v2.14.6')
    program('go', 'go1.25.4')
    await expect(ensureNatsServer({ toolsDir: folder })).rejects.toThrow(ways)
  })
})

test.runIf(process.platform === 'linux')('a nats-server is started with coarse timers', async () => {
  const file = join(folder, 'named')
  const saysItsSlack = 'cat /proc/self/timerslack_ns >&2; sleep 0.3; exit 1'
  writeFileSync(
    file,
    `#!/bin/sh\nPATH=/bin:/usr/bin\n[ "$1" = -c ] && { ${saysItsSlack}; }\necho 'nats-server: v2.16.1'\n`,
  )
  chmodSync(file, 0o755)
  process.env.NATS_SERVER = file
  await expect(startNatsServer({ dir: folder })).rejects.toThrow('nats-server ended at once: 2000000')
})

/** A server whose monitor says for a while that it is not ready, or nothing at all, and that it is well from then on. */
function slowServer(notReadyMs: number, first: 'answers' | 'silent'): void {
  const file = join(folder, 'slow')
  const program = `
    if (!process.argv.includes('-c')) { console.log('nats-server: v2.16.1'); process.exit(0) }
    const port = Number(/monitor (\\d+)/.exec(require('node:fs').readFileSync(process.argv.at(-1), 'utf8'))[1])
    const beganMs = performance.now()
    const ready = () => performance.now() - beganMs > ${notReadyMs}
    const listen = () => require('node:http').createServer((_, answer) => {
      answer.statusCode = ready() ? 200 : 500
      answer.end()
    }).listen(port, '127.0.0.1')
    setTimeout(listen, ${first === 'silent' ? notReadyMs : 0})`
  writeFileSync(file, `#!${process.execPath}\n${program}\n`)
  chmodSync(file, 0o755)
  process.env.NATS_SERVER = file
}

describe('a nats-server that takes its time', () => {
  test('is waited for while it says that it is not ready: it looks through its store', async () => {
    slowServer(4_500, 'answers')
    const monitorPort = await freePort()
    const config = `monitor ${monitorPort}`
    const server = await startNatsServer({ dir: folder, config, monitorPort, silentMsMax: 3_000 })
    await server.stop()
  })

  test('is given up when it says nothing at all', async () => {
    slowServer(60_000, 'silent')
    const monitorPort = await freePort()
    const config = `monitor ${monitorPort}`
    const starting = startNatsServer({ dir: folder, config, monitorPort, silentMsMax: 600 })
    await expect(starting).rejects.toThrow('nats-server was not healthy within')
  })
})

test.each([
  ['2.14.7', '2.14.7', true],
  ['2.15.0', '2.14.7', true],
  ['3.0', '2.14.7', true],
  ['2.14.6', '2.14.7', false],
  ['2.9.99', '2.14.7', false],
])('version %s counts as at least %s: %s', (version, least, counts) => {
  expect(versionAtLeast(version, least)).toBe(counts)
})
