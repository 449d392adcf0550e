import { workerData } from 'node:worker_threads'
import { VerifyRing } from './verifyRing.ts'

const ring = new VerifyRing(workerData as SharedArrayBuffer)

while (ring.take() === undefined) ring.sleep()
throw new Error('dies with a job in hand')
