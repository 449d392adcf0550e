import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { coarseTimers } from './coarseTimers.ts'

const run = promisify(execFile)

async function output(program: string, ...args: string[]): Promise<string> {
  const started = coarseTimers(program, args)
  return (await run(started.command, started.args)).stdout
}

describe.runIf(process.platform === 'linux')('a program with coarse timers', () => {
  test('may sleep up to 2 ms longer, and so may what it starts', async () => {
    expect(await output('cat', '/proc/self/timerslack_ns')).toBe('2000000\n')
    expect(await output('/bin/sh', '-c', 'cat /proc/self/timerslack_ns; true')).toBe('2000000\n')
  })

  test('gets its arguments as they are', async () => {
    expect(await output('printf', '%s|', '-c', 'a folder/nats.conf', '$HOME', '"')).toBe(
      '-c|a folder/nats.conf|$HOME|"|',
    )
  })

  test('is the process that was started, not a child of a shell', async () => {
    const started = coarseTimers('/bin/sh', ['-c', 'echo $$'])
    const running = run(started.command, started.args)
    expect((await running).stdout).toBe(`${running.child.pid}\n`)
  })

  test('that is not there ends with its name', async () => {
    await expect(output('/nowhere/nats-server')).rejects.toThrow('/nowhere/nats-server')
  })
})

test('elsewhere a program is started as it is', () => {
  expect(coarseTimers('nats-server', ['-c', 'nats.conf'], 'darwin')).toEqual({
    command: 'nats-server',
    args: ['-c', 'nats.conf'],
  })
})
