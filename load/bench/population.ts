import { encodeCommand, encodePayments, joinBodies } from '../../actors/ledger/frameBuilder.ts'
import { bucketCount, numberOf, serialFirst } from '../../actors/ledger/ids.ts'
import { frameKinds, keyAlgorithms, signers } from '../../actors/ledger/records.ts'
import { newIdBytes, type Wire } from './wire.ts'

/** What writes into shards: a region's wire, or ledgers in memory. */
export type ShardWriter = Pick<Wire, 'shardCount' | 'append' | 'appendAsConnector'>

const institution = 1
const commandsPerFrame = 4_000
const framesOnTheWay = 4

const key = new Uint8Array(33).fill(2)

const head = (actor: number) => ({
  signer: signers.institution,
  keyVersion: 0,
  actor,
  id: newIdBytes(),
  digestHigh: 0,
  digestLow: 0,
  token: 0,
  principal: institution,
})

/**
 * Opens a user with one wallet each, through the shards' logs, spread evenly over each shard's buckets.
 * @returns wallet numbers by shard
 */
export async function openWallets(
  wire: ShardWriter,
  perShard: number,
  onProgress: (done: number) => void,
): Promise<number[][]> {
  let done = 0
  const shards = Array.from({ length: wire.shardCount }, (_, shard) => shard)
  return Promise.all(
    shards.map(async (shard) => {
      const buckets = Array.from({ length: bucketCount }, (_, b) => b).filter((b) => b % wire.shardCount === shard)
      const numbers = Array.from({ length: perShard }, (_, i) => {
        return numberOf(buckets[i % buckets.length]!, serialFirst + Math.floor(i / buckets.length))
      })
      // In a shard nobody else writes to, serials follow the order of the log, so the numbers are known beforehand.
      const users = numbers.map((_, i) => () => userOf(buckets[i % buckets.length]!))
      const wallets = numbers.map((user) => () => walletOf(user))
      for (const commands of [users, wallets]) {
        await appendAll(wire, shard, commands, (count) => {
          done += count
          onProgress(done)
        })
      }
      return numbers
    }),
  )
}

const userOf = (bucket: number): Uint8Array => encodeCommand('userOpen', { ...head(institution), bucket, kyc: 1 })

const walletOf = (user: number): Uint8Array =>
  encodeCommand('walletOpen', {
    ...head(institution),
    user,
    class: 1,
    kind: 1,
    algorithm: keyAlgorithms.ecdsaP256,
    key,
  })

async function appendAll(
  wire: ShardWriter,
  shard: number,
  commands: readonly (() => Uint8Array)[],
  onDone: (count: number) => void,
  asConnector = false,
): Promise<void> {
  const onTheWay = new Set<Promise<void>>()
  for (let i = 0; i < commands.length; i += commandsPerFrame) {
    const bodies = commands.slice(i, i + commandsPerFrame).map((make) => make())
    const body = joinBodies(bodies)
    const one = (
      asConnector
        ? wire.appendAsConnector(shard, frameKinds.commands, bodies.length, body)
        : wire.append(shard, frameKinds.commands, bodies.length, body)
    ).then(() => onDone(bodies.length))
    onTheWay.add(one)
    const leave = (): boolean => onTheWay.delete(one)
    one.then(leave, leave)
    if (onTheWay.size >= framesOnTheWay) await Promise.race(onTheWay)
  }
  await Promise.all(onTheWay)
}

const linkFields = {
  fingerprint: new Uint8Array(8),
  type: 1,
  sealedLength: 0,
  maskedLength: 0,
  masked: new Uint8Array(0),
  sealed: new Uint8Array(0),
}

/**
 * Gives money to the first wallets of each shard by recharges whose bank steps are written by us: the bench region has
 * no customer whose bank could pay. Reconciliation against the sandboxes is not possible in such a region.
 */
export async function fundWallets(
  wire: ShardWriter,
  numbers: readonly number[][],
  perShard: number,
  fen: number,
): Promise<void> {
  const system = { ...head(0), signer: signers.connector, principal: 0 }
  await Promise.all(
    numbers.map(async (list, shard) => {
      const funded = list.slice(0, perShard)
      const ids = funded.map(() => newIdBytes())
      const byWallet = (wallet: number) => ({ ...head(wallet), signer: signers.walletKey, keyVersion: 1 })
      const links = funded.map(
        (wallet) => () => encodeCommand('linkOpen', { ...byWallet(wallet), ...linkFields, wallet, limit: fen }),
      )
      const requests = funded.map((wallet, i) => () => {
        const fields = { ...byWallet(wallet), id: ids[i]!, wallet, amount: fen, link: i + 1, tokenLength: 0 }
        return encodeCommand('rechargeRequest', { ...fields, sealedToken: new Uint8Array(0) })
      })
      const steps = funded.map(
        (wallet, i) => () => encodeCommand('rechargeStep', { ...system, id: ids[i]!, wallet, step: 3, reason: 0 }),
      )
      await appendAll(wire, shard, links, () => undefined)
      await appendAll(wire, shard, requests, () => undefined)
      await appendAll(wire, shard, steps, () => undefined, true)
    }),
  )
}

/** A frame body of payments of one fen from random wallets of a shard to other random wallets anywhere. */
export function paymentsBody(
  numbers: readonly number[][],
  shard: number,
  count: number,
  random: () => number,
  nowMs = Date.now(),
): Uint8Array {
  const pick = (list: readonly number[]): number => list[Math.floor(random() * list.length)]!
  const payeeOf = (payer: number): number => {
    const payee = pick(numbers[Math.floor(random() * numbers.length)]!)
    return payee === payer ? payeeOf(payer) : payee
  }
  return encodePayments(
    Array.from({ length: count }, (_, i) => {
      const payer = pick(numbers[shard]!)
      return {
        keyVersion: 1,
        payer,
        payee: payeeOf(payer),
        amount: 1,
        id: newIdBytes(nowMs),
        digestHigh: 0,
        digestLow: 0,
        requestedMs: nowMs,
        token: i,
      }
    }),
  )
}
