import { randomBytes } from 'node:crypto'
import { encodeCommand, joinBodies, systemHead } from '../ledger/frameBuilder.ts'
import { frameKinds, principalRoles } from '../ledger/records.ts'
import type { Sealer } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'

export type GenesisPlan = {
  region: string
  shardCount: number
  walletsMax: number
  idsMax: number
  /** Whether a change of rules needs a second operator, once there are two. */
  secondPerson?: boolean
  /** Ed25519 public keys, 32 bytes: whom the ledger knows before anybody can sign. */
  principals: { number: number; role: 'institution' | 'operator'; publicKey: Uint8Array }[]
}

const appendTimeoutMs = 5_000

/** Body of the first frame of a shard's log. */
export function genesisBody(plan: GenesisPlan, shard: number, hashKey: Uint8Array): Uint8Array {
  const { shardCount, walletsMax, idsMax } = plan
  const genesis = encodeCommand('genesis', { ...systemHead, shard, shardCount, walletsMax, idsMax, hashKey })
  const principals = plan.principals.map(({ number, role, publicKey }) =>
    encodeCommand('principalPut', { ...systemHead, number, role: principalRoles[role], active: 1, publicKey }),
  )
  const required = plan.secondPerson ? [encodeCommand('secondPersonPut', { ...systemHead, required: 1 })] : []
  return joinBodies([genesis, ...principals, ...required])
}

/**
 * Writes the first frame of a log that is empty; a log that has begun is left as it is.
 * @throws Error when the log does not take it: a region cannot start without.
 */
export async function ensureGenesis(
  plan: GenesisPlan,
  shard: number,
  log: ShardLog,
  sealer: Sealer,
  clock: { nowMs: number; incarnation: number },
): Promise<boolean> {
  const { first, last } = await log.bounds()
  // A log that was trimmed or restored begins later than 1: it had its genesis.
  if (last >= first || first > 1) return false
  const body = genesisBody(plan, shard, randomBytes(16))
  const count = 1 + plan.principals.length + (plan.secondPerson ? 1 : 0)
  const fields = { kind: frameKinds.commands, epoch: 0, count, counter: 1 }
  const frame = sealer.seal({ ...fields, incarnation: clock.incarnation, clockMs: clock.nowMs }, body)
  const subject = commandSubject(plan.region, shard, { kind: 'op' })
  const outcome = await log.append(subject, frame, { timeoutMs: appendTimeoutMs })
  if (outcome.kind !== 'appended') throw new Error(`shard ${shard}: the log did not take its genesis (${outcome.kind})`)
  return true
}
