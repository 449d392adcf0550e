import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Child, type ChildPlan } from './child.ts'

let folder: string
const children: Child[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-child-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) await child.stop()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function started(plan: Omit<ChildPlan, 'name' | 'env'>): Child {
  const child = new Child({ name: 'process', env: {}, ...plan }, () => 'go on')
  children.push(child)
  child.start()
  return child
}

async function becomes(what: () => boolean): Promise<void> {
  while (!what()) await sleep(10)
}

test('a process that cannot be started is started when it can be', async () => {
  const [program, aside, logFile] = ['program', 'aside', 'process.log'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(program, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o700 })
  const child = started({ command: program, args: [], logFile })
  await becomes(() => child.running)
  // As with a machine that has no more processes to give: the next start fails, and no process is there to end.
  renameSync(program, aside)
  process.kill(child.pid!, 'SIGKILL')
  await becomes(() => existsSync(logFile) && readFileSync(logFile, 'utf8').includes('ENOENT'))
  expect({ running: child.running, pid: child.pid }).toEqual({ running: false, pid: undefined })
  renameSync(aside, program)
  await becomes(() => child.running)
})

test('a process goes on, and is kept running, while nothing that it says can be written', async () => {
  const says = 'echo a word; exec sleep 1000'
  const child = started({ command: '/bin/sh', args: ['-c', says], logFile: '/dev/full' })
  await becomes(() => child.lastLine === 'a word')
  const { pid } = child
  process.kill(pid!, 'SIGKILL')
  await becomes(() => child.running && child.pid !== pid)
})
