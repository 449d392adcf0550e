import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { metricOf } from './metrics.ts'

type Params = { headers: Record<string, string>; timeout: string }
export type Call = {
  method: string
  url: string
  body: string | null
  headers: Record<string, string>
  timeoutMs: number
}
export type Answer = { status: number; headers: Record<string, string>; body: string }

const sent = metricOf('http_reqs', 'counter')
const flag = new Int32Array(new SharedArrayBuffer(4))
const { port1, port2 } = new MessageChannel()
const worker = new Worker(new URL('httpWorker.ts', import.meta.url), {
  workerData: { flag, port: port2 },
  transferList: [port2],
})
worker.unref()

/** Requests of k6 block their user until the answer is there; a thread of its own makes that possible here. */
function request(method: string, url: string, body: string | null, { headers, timeout }: Params): Answer {
  sent.values.push(1)
  Atomics.store(flag, 0, 0)
  const call: Call = { method, url, body, headers, timeoutMs: Number.parseFloat(timeout) * 1_000 }
  port1.postMessage(call)
  Atomics.wait(flag, 0, 0)
  const { message } = receiveMessageOnPort(port1) as { message: Answer }
  return message
}

export default { request }
