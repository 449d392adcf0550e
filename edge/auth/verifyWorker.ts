import { parentPort } from 'node:worker_threads'
import { SignatureChecker } from './signatureChecker.ts'
import { readJob } from './verifyJobs.ts'

const checker = new SignatureChecker()

parentPort!.on('message', (batch: { id: number; bytes: Uint8Array; offsets: Uint32Array }) => {
  const results = Uint8Array.from(batch.offsets, (at) => (checker.check(readJob(batch.bytes, at)) ? 1 : 0))
  parentPort!.postMessage({ id: batch.id, results }, [results.buffer])
})
