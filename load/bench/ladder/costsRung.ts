import { generateKeyPairSync, hash, randomBytes, sign, verify } from 'node:crypto'
import { batchHeader, batchRecord, frameKinds, paymentRecord } from '../../../actors/ledger/records.ts'
import { viewStateBytes } from '../../../actors/ledger/views.ts'
import { chainStart, nextChain } from '../../../actors/log/chain.ts'
import { evidenceRecord } from '../../../actors/log/evidence.ts'
import { memoryKeyRing } from '../../../actors/log/memoryKeyRing.ts'
import { createOpener, createSealer } from '../../../actors/log/sealing.ts'
import { openWallets } from '../population.ts'
import { verifyLimitPerSecond } from '../verifyLimit.ts'
import { rounded } from './ladderRow.ts'
import { MemoryShards } from './memoryShards.ts'
import type { Rung, RungFindings } from './rung.ts'
import { tlsUsPerRequest } from './tlsCost.ts'

const batchSize = 8_000
const rounds = 3
const wallets = 100_000
/** Of an institution's request: the lines that RFC 9421 signs. */
const signedLinesBytes = 320

/** What each layer of security and each thing in memory costs, one by one and by CPU time: inputs of the sizing. */
export const costsRung: Rung = { name: 'costs', run: benchCosts }

async function benchCosts(_options: unknown, say: (line: string) => void): Promise<RungFindings> {
  say('signatures')
  const figures: Record<string, number> = {
    'cost.verify_p256_us': rounded(1e6 / verifyLimitPerSecond(), 2),
    'cost.verify_ed25519_us': rounded(ed25519Us(), 2),
    'cost.sha256_of_batch_us': rounded(sha256Us(batchHeader.size + batchSize * batchRecord.size), 2),
  }
  say('sealing')
  const batchBytes = batchHeader.size + batchSize * batchRecord.size
  const batch = sealUs(frameKinds.batch, batchSize, batchBytes, 0, 40)
  const single = sealUs(frameKinds.payments, 1, paymentRecord.size, 0, 2_000)
  const evident = sealUs(frameKinds.payments, 1, paymentRecord.size, evidenceRecord.size, 2_000)
  Object.assign(figures, {
    'cost.seal_and_open_batch_us_per_payment': rounded(batch / batchSize, 4),
    'cost.seal_and_open_frame_us': rounded(single, 2),
    'cost.seal_evidence_us': rounded(Math.max(0, evident - single), 2),
    'cost.chain_us_per_frame': rounded(chainUs(), 2),
  })
  say('TLS')
  figures['cost.tls_us_per_request'] = rounded(await tlsUsPerRequest(), 2)
  return {
    rows: [],
    figures: { ...figures, ...(await memoryFigures()) },
    notes: [
      `costs: CPU time of this machine's Node, median of ${rounds}; sealing is one process sealing and one opening`,
      'costs: TLS is both ends of a kept connection beyond plain TCP, for a request of 800 and an answer of 400 bytes',
      'costs: memory is what the tables take for each wallet with its user, and for each id that is remembered',
    ],
  }
}

/** CPU microseconds of one call, the median of several rounds. */
function cpuUs(times: number, work: () => void): number {
  const each = Array.from({ length: rounds }, () => {
    const began = process.cpuUsage()
    for (let n = 0; n < times; n++) work()
    const { user, system } = process.cpuUsage(began)
    return (user + system) / times
  })
  return each.sort((a, b) => a - b)[rounds >> 1]!
}

function ed25519Us(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const lines = randomBytes(signedLinesBytes)
  const signature = sign(null, lines, privateKey)
  return cpuUs(2_000, () => {
    if (!verify(null, lines, publicKey, signature)) throw new Error('not verified')
  })
}

function sha256Us(bytes: number): number {
  const body = randomBytes(bytes)
  return cpuUs(200, () => void hash('sha256', body, 'buffer'))
}

function sealUs(kind: number, count: number, bodyBytes: number, evidenceBytes: number, times: number): number {
  const ring = memoryKeyRing(['shard/0', 'evidence/1'])
  const sealer = createSealer(ring, 0)
  const opener = createOpener(ring, { shard: 0 })
  const body = randomBytes(bodyBytes)
  const evidence = evidenceBytes === 0 ? undefined : randomBytes(evidenceBytes)
  let counter = 0
  return cpuUs(times, () => {
    const fields = { kind, epoch: 0, count, incarnation: 1, counter: ++counter, clockMs: 0 }
    opener.open(sealer.seal(fields, body, evidence))
  })
}

function chainUs(): number {
  const tag = randomBytes(16)
  let chain = chainStart
  return cpuUs(20_000, () => {
    chain = nextChain(chain, tag)
  })
}

/** Slots of the index over remembered ids, each a 32-bit row number: two for one id. */
const idSlotsBytes = 8

async function memoryFigures(): Promise<Record<string, number>> {
  const shards = new MemoryShards(1)
  await openWallets(shards, wallets, () => undefined)
  const { state } = shards.ledgers[0]!
  return {
    'state.bytes_per_wallet': rounded(viewStateBytes(state) / wallets, 1),
    'state.bytes_per_id': rounded(state.ids.columns.rowBytes + idSlotsBytes, 1),
  }
}
