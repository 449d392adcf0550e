import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../deploy/freePort.ts'
import { exitCodes } from './exitCodes.ts'
import { inForce } from './limitCommands.ts'
import { timestampFor } from './paymentCommands.ts'
import { createProgram, runCommandLine } from './program.ts'

const folder = { path: '' }
beforeAll(() => {
  folder.path = mkdtempSync(join(tmpdir(), 'jiaozi-cli-'))
})
afterAll(() => {
  rmSync(folder.path, { recursive: true })
})

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await runCommandLine(args, { out: (text) => void out.push(text), err: (text) => void err.push(text) })
  return { code, out: out.join(''), err: err.join('') }
}

function leavesOf(command: Command, path: string[] = []): string[][] {
  const below = command.commands.filter((one) => one.name() !== 'help')
  return below.length === 0 ? [path] : below.flatMap((one) => leavesOf(one, [...path, one.name()]))
}

const leaves = leavesOf(createProgram({ out: () => {}, err: () => {}, exit: () => {} }))

describe('help', () => {
  test('every command that people were promised is there', () => {
    const names = leaves.map((leaf) => leaf.join(' '))
    const promised = 'wallet open,wallet show,wallet entries,wallet freeze,wallet unfreeze,wallet close,wallet recover,'
      .concat(
        'user register,user kyc,link,recharge,pay,redeem,payment show,saga show,reconcile,limits show,limits set,',
      )
      .concat('keys rotate,backup,restore,log cat,log verify,drill list,drill run')
    expect(names).toEqual(expect.arrayContaining(promised.split(',')))
  })

  test.each(leaves.map((leaf) => [leaf.join(' '), leaf] as const))(
    '%s explains itself and its exit codes',
    async (_name, leaf) => {
      const { code, out, err } = await run(...leaf, '--help')
      expect(code).toBe(exitCodes.ok)
      expect(out).toContain(`Usage: jiaozi ${leaf.join(' ')}`)
      expect(out).toMatch(/Exit codes:\n {2}0 {2}/)
      expect(out).toContain('--data <dir>')
      expect(err).toBe('')
    },
  )
})

test('who signs when nobody is named is said as it is', async () => {
  for (const leaf of ['wallet freeze', 'wallet unfreeze', 'wallet revoke', 'user show']) {
    const { out } = await run(...leaf.split(' '), '--help')
    expect(out.replaceAll(/\s+/g, ' ')).toContain('(default: the institution)')
  }
  const { out } = await run('wallet', 'close', '--help')
  expect(out.replaceAll(/\s+/g, ' ')).toContain('(default: the wallet where its key is kept, else the institution)')
})

describe('wrong usage ends with 2 and says what is wrong', () => {
  test.each([
    [['wallet', 'show'], "missing required argument 'wallet'"],
    [['wallet', 'show', 'X1'], 'It must be a wallet id'],
    [['wallet', 'show', 'W4096', '--url', 'nonsense'], "option '--url <url>' argument 'nonsense' is invalid"],
    [['wallet', 'show', 'W4096', '--url', 'http://127.0.0.1:8443'], 'such as https://127.0.0.1:8443'],
    [['wallet', 'show', 'W4096', '--url', 'https://127.0.0.1:8443/v1'], 'without a path'],
    [['wallet', 'shwo'], "unknown command 'shwo'"],
    [['wallet', 'open', '--class', '5'], 'a whole number from 0 to 4'],
    [['wallet', 'open', '--kind', 'bank'], 'Allowed choices are personal, merchant'],
    [['pay', 'W4096', 'W4097', '1.005'], 'at most two decimals'],
    [['pay', 'W4096', 'W4097', '-5'], 'an amount in yuan above zero'],
    [['pay', 'W4096', 'W4097', '1', '--payment-id', 'X'], 'a UUIDv7 in lower case'],
    [['pay', 'W4096', 'W4097', '1', '2'], 'too many arguments'],
    [['recharge', 'W4096', '0'], 'above zero'],
    [['limits', 'set', '7', '--day', '1', '--reason', 'x'], 'a whole number from 0 to 4'],
    [['limits', 'set', '3', '--reason', 'x'], 'give at least one of'],
    [['limits', 'set', '3', '--day', '1'], "required option '--reason <text>' not specified"],
    [['keys', 'rotate', '--purpose', 'shard/x'], 'It must be a purpose'],
    [['user', 'show', 'U4096', '--as', 'user:2'], 'a user is shown to an institution or an operator'],
    [['payment', 'show', 'P20231001001', '--as', 'wallet'], '--as wallet needs --wallet'],
    [['user', 'kyc', 'U4096'], 'give --level, --risk, --name or several of them'],
    [['reconcile', '--threshold-fen', '1.5'], 'a whole number of fen'],
    [['backup'], "missing required argument 'dir'"],
  ])('%j', async (args, message) => {
    const { code, out, err } = await run(...args, '--data', folder.path)
    expect(err).toContain(message)
    expect(code).toBe(exitCodes.badInput)
    expect(out).toBe('')
  })

  test('a wallet whose key is not here cannot pay', async () => {
    const { code, err } = await run('pay', 'W4096', 'W4097', '1', '--data', folder.path)
    expect(err).toContain('the key of W4096 is not in the keystore')
    expect(code).toBe(exitCodes.badInput)
  })

  test('a linked account may have any number that a region gives', async () => {
    const { err } = await run('recharge', 'W4096', '1', '--link', '70000', '--data', folder.path)
    expect(err).toContain('the key of W4096 is not in the keystore')
  })

  test('a key file that is none is named without its contents', async () => {
    const file = join(folder.path, 'not-a-key.pem')
    writeFileSync(file, 'something-secret')
    const { code, err } = await run('user', 'register', '--url', 'https://127.0.0.1:9', '--institution-key', file)
    expect(err).toContain(`jiaozi: ${file} is not a private key in PEM\n`)
    expect(err).not.toContain('something-secret')
    expect(code).toBe(exitCodes.badInput)
  })

  test('nobody signs in the place of who was named', async () => {
    const { err } = await run('wallet', 'revoke', 'W4096', '--as', 'operator', '--url', 'https://127.0.0.1:9')
    expect(err).toContain('with --url this needs --operator-key')
  })

  test("the data folder's keys never sign for an edge elsewhere", async () => {
    const { code, err } = await run('user', 'register', '--url', 'https://127.0.0.1:9', '--data', folder.path)
    expect(err).toContain('with --url this needs --institution-key')
    expect(code).toBe(exitCodes.badInput)
  })
})

describe('a region that is not there ends with 4', () => {
  test('no region runs on the folder', async () => {
    const { code, err } = await run('wallet', 'show', 'W4096', '--data', folder.path)
    expect(err).toContain('no region runs on')
    expect(code).toBe(exitCodes.failed)
  })

  test('nobody listens', async () => {
    const url = `https://127.0.0.1:${await freePort()}`
    const { code, err } = await run(
      'pay',
      ...(await walletHere()),
      '1',
      '--url',
      url,
      '--tries',
      '2',
      '--data',
      folder.path,
    )
    expect(err).toContain('ECONNREFUSED')
    expect(code).toBe(exitCodes.failed)
  })
})

async function walletHere(): Promise<[string, string]> {
  const { Keystore } = await import('./keystore.ts')
  const { newWalletKey } = await import('../client/node.ts')
  const privateKeyPem = newWalletKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const wallet = { formatVersion: 1, walletId: 'W1048576', userId: 'U1048576', privateKeyPem, links: [] } as const
  new Keystore(join(folder.path, 'wallets')).put({ ...wallet, links: [] })
  return ['W1048576', 'W1048577']
}

describe('a payment that is asked again', () => {
  test('carries the time of its UUIDv7, so that it is the same payment on every run', () => {
    const id = '019aa3b4-5c00-7000-8000-000000000001'
    const timestamp = new Date(0x019aa3b45c00).toISOString()
    expect(timestampFor(id, 1)).toBe(timestamp)
    expect(timestampFor(id, 2)).toBe(timestamp)
  })

  test('with a dated id carries the time of the run', () => {
    expect(timestampFor('P20231001001', 0)).toBe('1970-01-01T00:00:00.000Z')
  })
})

test('of several versions of a rule the latest whose date has come is in force', () => {
  const at = (year: number) => ({ effective_at: `${year}-01-01T00:00:00Z` })
  const versions = [at(1970), at(2024), at(2020), at(2030)]
  expect(inForce(versions, Date.parse('2026-01-01T00:00:00Z'))).toBe(versions[1])
  expect(inForce(versions, Date.parse('2031-01-01T00:00:00Z'))).toBe(versions[3])
  expect(inForce([at(2030)], 0)).toBeUndefined()
})
