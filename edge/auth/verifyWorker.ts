import { parentPort } from 'node:worker_threads'
import { SignatureChecker } from './signatureChecker.ts'
import { readJob } from './verifyJobs.ts'

const checker = new SignatureChecker()

parentPort!.on('message', ({ bytes, offsets }: { bytes: Uint8Array; offsets: Uint32Array }) => {
  const results = Uint8Array.from(offsets, (at) => (checker.check(readJob(bytes, at)) ? 1 : 0))
  parentPort!.postMessage({ results }, [results.buffer])
})
