import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from './dataFolder.ts'

/** Passwords and shared secrets of a development region, made once and kept beside its keys. */
export type Secrets = {
  nats: Record<string, string>
  postgres: string
  bank: string
  centralBank: string
  bankAtCentralBank: string
}

const word = (): string => randomBytes(24).toString('base64url')

/** Reads the region's secrets, adding what is missing. `natsUsers` are the users that need a password. */
export function ensureSecrets(keysDir: string, natsUsers: readonly string[]): Secrets {
  const file = join(keysDir, 'secrets.json')
  const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>) : {}
  const hex = (): string => randomBytes(32).toString('hex')
  const secrets: Secrets = {
    nats: { ...Object.fromEntries(natsUsers.map((user) => [user, word()])), ...found.nats },
    postgres: found.postgres ?? word(),
    bank: found.bank ?? hex(),
    centralBank: found.centralBank ?? hex(),
    bankAtCentralBank: found.bankAtCentralBank ?? hex(),
  }
  writeDurably(file, JSON.stringify(secrets))
  return secrets
}

export type Identity = { keyFile: string; publicKeyPem: string }

/** An Ed25519 key of somebody who signs requests in development: the operator or the first institution. */
export function ensureIdentity(keysDir: string, name: string): Identity {
  const dir = join(keysDir, 'dev')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const keyFile = join(dir, `${name}.pem`)
  if (!existsSync(keyFile)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
  const publicKey = createPublicKey(createPrivateKey(readFileSync(keyFile, 'utf8')))
  return { keyFile, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}
