import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { connectNats } from '../log/natsConnection.ts'
import { runMain } from '../log/process.ts'
import { createSealer } from '../log/sealing.ts'
import { loadSettings } from '../log/settings.ts'
import { ensureGenesis, type GenesisPlan } from './genesis.ts'

const genesisSettings = z.object({
  region: z.string(),
  shardCount: z.number().int(),
  /** Shards that this region owns first; without it, all. */
  shards: z.array(z.number().int().min(0)).optional(),
  keysDir: z.string(),
  nats: z.object({ url: z.string(), user: z.string().optional(), password: z.string().optional() }),
  walletsMax: z.number().int().default(524_288),
  idsMax: z.number().int().default(2_097_152),
  /** Whether a change of rules needs a second operator, once there are two. */
  secondPerson: z.boolean().default(true),
  operatorPublicKeyPem: z.string(),
  institutionPublicKeyPem: z.string(),
  /** A second operator from the start. */
  approverPublicKeyPem: z.string().optional(),
})

/** The 32 raw bytes of an Ed25519 public key, from PEM text or a file with it. */
function rawPublicKey(pemOrFile: string): Uint8Array {
  const pem = pemOrFile.includes('-----BEGIN') ? pemOrFile : readFileSync(pemOrFile, 'utf8')
  const { x } = createPublicKey(pem).export({ format: 'jwk' })
  return Buffer.from(x!, 'base64url')
}

runMain('genesis', async () => {
  const settings = loadSettings(genesisSettings)
  const { region, shardCount, walletsMax, idsMax, secondPerson } = settings
  const approver = settings.approverPublicKeyPem
  const ring = openKeyRing(settings.keysDir)
  const inboxPrefix = `_INBOX.${settings.nats.user ?? 'genesis'}`
  const connection = await connectNats(settings.nats, { name: 'genesis', inboxPrefix })
  const plan: GenesisPlan = {
    region,
    shardCount,
    walletsMax,
    idsMax,
    secondPerson,
    principals: [
      { number: 1, role: 'institution', publicKey: rawPublicKey(settings.institutionPublicKeyPem) },
      { number: 1, role: 'operator', publicKey: rawPublicKey(settings.operatorPublicKeyPem) },
      ...(approver === undefined ? [] : [{ number: 2, role: 'operator', publicKey: rawPublicKey(approver) } as const]),
    ],
  }
  for (const shard of settings.shards ?? Array.from({ length: shardCount }, (_, each) => each)) {
    const log = await openJetStreamLog(connection, region, shard)
    const clock = { nowMs: Date.now(), incarnation: newIncarnation() }
    await ensureGenesis(plan, shard, log, createSealer(ring, shard), clock)
  }
  await connection.drain()
  process.exit(0)
})
