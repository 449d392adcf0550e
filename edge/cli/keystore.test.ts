import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId, newWalletKey, walletKeyOf } from '../client/node.ts'
import { BadInput } from './exitCodes.ts'
import { Keystore } from './keystore.ts'

const folder = { path: '' }
beforeEach(() => {
  folder.path = mkdtempSync(join(tmpdir(), 'jiaozi-keystore-'))
})
afterEach(() => {
  rmSync(folder.path, { recursive: true })
})

const pemOf = (key: ReturnType<typeof newWalletKey>): string =>
  key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

function kept(walletId: string) {
  const key = newWalletKey()
  return {
    key,
    wallet: { formatVersion: 1, walletId, userId: 'U1048576', privateKeyPem: pemOf(key), links: [] } as const,
  }
}

test('a key comes back as it was put in, from a file that only its owner may read', () => {
  const dir = join(folder.path, 'wallets')
  const { key, wallet } = kept('W1048576')
  new Keystore(dir).put({ ...wallet, links: [] })
  expect(new Keystore(dir).keyOf('W1048576').publicKeyHex).toBe(key.publicKeyHex)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, 'W1048576.json')).mode & 0o777).toBe(0o600)
  expect(new Keystore(dir).ids()).toEqual(['W1048576'])
})

test('a file that others may read is not used', () => {
  const store = new Keystore(folder.path)
  store.put({ ...kept('W1048576').wallet, links: [] })
  chmodSync(join(folder.path, 'W1048576.json'), 0o644)
  expect(() => store.wallet('W1048576')).toThrow(/others may read it/)
})

test('a damaged file is named, and its contents are not shown', () => {
  const file = join(folder.path, 'W1048576.json')
  writeFileSync(file, '{"privateKeyPem": "secret-bytes', { mode: 0o600 })
  expect(() => new Keystore(folder.path).wallet('W1048576')).toThrow(BadInput)
  expect(() => new Keystore(folder.path).wallet('W1048576')).toThrow(`${file} is not a file of this keystore`)
})

test('no wallet id leads out of the folder', () => {
  const store = new Keystore(folder.path)
  expect(() => store.has('../W1')).toThrow(BadInput)
  expect(() => store.keepRequest('../../x', () => ({ formatVersion: 1, privateKeyPem: '' }))).toThrow(BadInput)
})

test('a request that is made again gets the key that was made for it', () => {
  const store = new Keystore(folder.path)
  const requestId = newId()
  const make = () => ({ formatVersion: 1, privateKeyPem: pemOf(newWalletKey()) }) as const
  const first = store.keepRequest(requestId, make)
  expect(new Keystore(folder.path).keepRequest(requestId, make)).toEqual(first)
  expect(walletKeyOf(first.privateKeyPem).publicKeyHex).toMatch(/^0[23][0-9a-f]{64}$/)
  store.dropRequest(requestId)
  expect(readdirSync(folder.path)).toEqual([])
})

test('a key that is about to die is kept beside its successor', () => {
  const store = new Keystore(folder.path)
  store.put({ ...kept('W1048576').wallet, links: [] })
  store.keepRetired('W1048576', 1_700_000_000_000)
  expect(readdirSync(folder.path).sort()).toEqual(['W1048576.json', 'retired-W1048576-1700000000000.json'])
  expect(store.ids()).toEqual(['W1048576'])
})
