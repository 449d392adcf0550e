import { request } from 'node:https'
import { type MessagePort, workerData } from 'node:worker_threads'
import type { Answer, Call } from './http.ts'

const { flag, port } = workerData as { flag: Int32Array; port: MessagePort }

/** k6 answers status 0 when there was no answer. */
const nothing: Answer = { status: 0, headers: {}, body: '' }

port.on('message', (call: Call) => {
  void send(call).then((answer) => {
    port.postMessage(answer)
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
  })
})

function send({ method, url, body, headers, timeoutMs }: Call): Promise<Answer> {
  return new Promise((done) => {
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, headers: { ...headers, ...length }, timeout: timeoutMs, minVersion: 'TLSv1.3' as const }
    const call = request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => done(nothing))
      response.on('end', () => {
        const named = Object.entries(response.headers).map(([name, value]) => [headerName(name), String(value)])
        done({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(named),
          body: Buffer.concat(chunks).toString(),
        })
      })
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => done(nothing))
    call.end(body ?? undefined)
  })
}

/** Go, and so k6, writes header names as Retry-After. */
const headerName = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
