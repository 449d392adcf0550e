import type { KeyObject } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { importWalletKey, verifyEcdsa } from './signatureAlgorithms.ts'
import { algorithmAt, keyBytes, readJob } from './verifyJobs.ts'

const keysMax = 50_000

/** Importing a key costs about half a verification: the keys of wallets that pay often are kept. */
const keys = new Map<string, KeyObject | undefined>()

function keyOf(algorithm: number, point: Uint8Array): KeyObject | undefined {
  const name = `${algorithm}.${Buffer.from(point).toString('latin1')}`
  if (keys.has(name)) return keys.get(name)
  let key: KeyObject | undefined
  try {
    key = importWalletKey(algorithm, point)
  } catch {
    key = undefined
  }
  if (keys.size >= keysMax) keys.delete(keys.keys().next().value!)
  keys.set(name, key)
  return key
}

parentPort!.on('message', (batch: { id: number; bytes: Uint8Array; offsets: Uint32Array }) => {
  const results = new Uint8Array(batch.offsets.length)
  for (let i = 0; i < batch.offsets.length; i++) {
    const { message, signature, at } = readJob(batch.bytes, batch.offsets[i]!)
    const key = keyOf(batch.bytes[at + algorithmAt]!, batch.bytes.subarray(at, at + keyBytes))
    results[i] = key !== undefined && verifyEcdsa(key, message, signature) ? 1 : 0
  }
  parentPort!.postMessage({ id: batch.id, results }, [results.buffer])
})
