import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyRing, hasKeyRing, openKeyRing } from '../../actors/log/fileKeyRing.ts'
import { regionPurposes } from '../../actors/log/keyRing.ts'
import { ensureCertificates } from '../certificates.ts'
import { drillsFolder } from '../drillsFolder.ts'
import { freePort } from '../freePort.ts'
import type { StartOptions } from './options.ts'
import { natsUsersOf, witnessUsersOf } from './plan.ts'
import { ensureIdentity, ensureSecrets, type Identity, type Secrets } from './secrets.ts'

/** What all processes of an installation share, whether it has one region or two. */
export type Shared = {
  keysDir: string
  secrets: Secrets
  /** The approver is the second person that development has: operator 2. */
  identities: { operator: Identity; institution: Identity; approver: Identity }
  caFile: string
  certFile: string
  keyFile: string
  drillReportsDir: string
  farSide: { bank: number; centralBank: number; issuer: number }
}

/**
 * Makes keys, passwords and certificates where they are missing, and chooses ports for the far side.
 * @param hosts by which edges are reached, beside loopback
 */
export async function prepareShared(
  { data, shards, workers, regions }: StartOptions,
  hosts: readonly string[] = [],
): Promise<Shared> {
  const keysDir = join(data, 'keys')
  if (!hasKeyRing(keysDir)) createKeyRing(keysDir, { shardCount: shards })
  else addMissingKeys(keysDir, shards)
  const names = (id?: string): string[] => natsUsersOf(workers, {}, id).map(({ user }) => user)
  const ofPair = [
    ...names('1').map((user) => `a/${user}`),
    ...names('2').map((user) => `b/${user}`),
    ...witnessUsersOf(workers).map(({ user }) => `w/${user}`),
    'leaf-b',
  ]
  const secrets = ensureSecrets(keysDir, regions === 2 ? ofPair : names())
  const identities = {
    operator: ensureIdentity(keysDir, 'operator'),
    institution: ensureIdentity(keysDir, 'institution'),
    approver: ensureIdentity(keysDir, 'approver'),
  }
  mkdirSync(join(data, 'sandbox'), { recursive: true, mode: 0o700 })
  const tls = ensureCertificates(join(keysDir, 'tls'), Date.now(), hosts)
  const farSide = { bank: await freePort(), centralBank: await freePort(), issuer: await freePort() }
  return { keysDir, secrets, identities, farSide, drillReportsDir: drillsFolder(data), ...tls }
}

/** A ring that an earlier release made lacks a key for what that release did not seal. */
function addMissingKeys(keysDir: string, shardCount: number): void {
  const ring = openKeyRing(keysDir)
  const there = new Set(ring.list().map(({ purpose }) => purpose))
  for (const purpose of regionPurposes(shardCount)) if (!there.has(purpose)) ring.rotate(purpose)
}

/** Passwords at one server of an installation with two regions: `a`, `b`, or the witness `w`. */
export function passwordsAt(server: string, { nats }: Secrets): Record<string, string> {
  const own = Object.entries(nats).filter(([name]) => name.startsWith(`${server}/`))
  return Object.fromEntries(own.map(([name, password]) => [name.slice(server.length + 1), password]))
}
