import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const deploy = fileURLToPath(new URL('..', import.meta.url))

/** Says what it was given, writes one line per signal, and takes a moment to drain, like a region. */
const program = `
const alive = setInterval(() => {}, 1000)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
  process.stdout.write(signal + '\\n')
  setTimeout(() => { process.stdout.write('drained\\n'); clearInterval(alive); process.exit(7) }, 700)
})
process.stdout.write(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH.split(':')[0] }) + '\\n')
if (process.argv.includes('--exit')) process.exit(5)
`

let clone: string
const started: ChildProcess[] = []

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'jiaozi-clone-'))
  cpSync(join(deploy, 'bootstrap.mjs'), join(clone, 'deploy/bootstrap.mjs'))
  cpSync(join(deploy, 'bootstrap'), join(clone, 'deploy/bootstrap'), { recursive: true })
  write('package.json', '{"name":"clone","version":"1.0.0","type":"module"}')
  write('package-lock.json', '{"name":"clone","version":"1.0.0","lockfileVersion":3,"packages":{"":{}}}')
  write('node_modules/.package-lock.json', '{"packages":{}}')
  mkdirSync(join(clone, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(clone, 'node_modules/.bin/node'))
  write('deploy/supervisor/main.ts', program)
})

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(clone, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true })
  writeFileSync(join(clone, path), text)
}

type Run = {
  child: ChildProcess
  /** Resolves once the program has written this line. */
  wrote: (line: string) => Promise<void>
  ended: Promise<{ code: number | null; out: string[]; err: string }>
}

function bootstrap(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [join(clone, 'deploy/bootstrap.mjs'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let out = ''
  let err = ''
  const waiting: { line: string; resolve: () => void }[] = []
  const settle = () => {
    for (const { line, resolve } of waiting) if (out.includes(line)) resolve()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    settle()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  return {
    child,
    wrote: (line) =>
      new Promise((resolve) => {
        waiting.push({ line, resolve })
        settle()
      }),
    ended: new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, out: out.split('\n').filter(Boolean), err }))
    }),
  }
}

describe('a program that npm starts', () => {
  test('gets its arguments and the locked tools first on PATH, and gives its exit code', async () => {
    const { code, out } = await bootstrap(['start', '--exit', '--runtime', 'deno', '--help']).ended
    expect(code).toBe(5)
    expect(JSON.parse(out[0]!)).toEqual({
      args: ['--exit', '--runtime', 'deno', '--help'],
      path: join(clone, 'node_modules/.bin'),
    })
  })

  test('is told once of a Ctrl-C that arrives from the terminal and from npm, and is waited for until it drained', async () => {
    const run = bootstrap(['start'])
    await run.wrote('args')
    run.child.kill('SIGINT')
    run.child.kill('SIGINT')
    await run.wrote('SIGINT')
    run.child.kill('SIGINT')
    const { code, out } = await run.ended
    expect(out.slice(1)).toEqual(['SIGINT', 'drained'])
    expect(code).toBe(7)
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)('is told of %s', async (signal) => {
    const run = bootstrap(['start'])
    await run.wrote('args')
    run.child.kill(signal)
    const { code, out } = await run.ended
    expect(out.slice(1)).toEqual([signal, 'drained'])
    expect(code).toBe(7)
  })

  test('drains when the launcher is killed with -9', async () => {
    const run = bootstrap(['start'])
    await run.wrote('args')
    run.child.kill('SIGKILL')
    const { out } = await run.ended
    expect(out.slice(1)).toEqual(['SIGTERM', 'drained'])
  })
})

describe('one clear line and exit code 1', () => {
  test('for a task that does not exist', async () => {
    const { code, err } = await bootstrap(['strat']).ended
    expect(code).toBe(1)
    expect(err).toMatch(/^jiaozi: there is no task 'strat': one of start, [^\n]*\n$/)
  })

  test('for a program that is not there', async () => {
    const { code, err } = await bootstrap(['sim']).ended
    expect(code).toBe(1)
    expect(err).toBe('jiaozi: actors/sim/main.ts is not there: this clone is not whole\n')
  })

  test('for a lock file that is not there', async () => {
    rmSync(join(clone, 'package-lock.json'))
    const { code, err } = await bootstrap(['start']).ended
    expect(code).toBe(1)
    expect(err).toContain('package-lock.json cannot be read')
  })

  test('for packages that cannot be fetched', async () => {
    write(
      'package-lock.json',
      JSON.stringify({
        name: 'clone',
        version: '1.0.0',
        lockfileVersion: 3,
        packages: {
          '': { name: 'clone', version: '1.0.0', dependencies: { absent: '1.0.0' } },
          'node_modules/absent': { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` },
        },
      }),
    )
    write('package.json', '{"name":"clone","version":"1.0.0","dependencies":{"absent":"1.0.0"}}')
    const nowhere = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0', npm_execpath: '' }
    const { code, err } = await bootstrap(['start'], { ...nowhere, npm_config_cache: join(clone, 'cache') }).ended
    expect(code).toBe(1)
    expect(err.trimEnd().split('\n').at(-1)).toBe(
      'jiaozi: the locked packages could not be installed: no network (ECONNREFUSED)',
    )
  })
})
