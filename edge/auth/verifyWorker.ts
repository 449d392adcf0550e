import { workerData } from 'node:worker_threads'
import { SignatureChecker } from './signatureChecker.ts'
import { VerifyRing } from './verifyRing.ts'

const checker = new SignatureChecker()
const ring = new VerifyRing(workerData as SharedArrayBuffer)

for (;;) {
  const n = ring.take()
  if (n === undefined) ring.sleep()
  else ring.finish(n, checker.check(ring.jobOf(n)))
}
