import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyCutOff } from '../content.ts'
import { bodyBytesMax } from '../wire/strictJson.ts'
import { submitPayment } from './submitPayment.ts'
import { type Call, replyTo, type Web } from './web.ts'

/** Takes a request for itself, or leaves it to whoever comes next. */
export type Taker = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean

/**
 * Payments straight from Node's server: what stands between it and an application costs a third of all that HTTP costs
 * a payment. The handler and its answers are the application's own; a body of unknown or too great a length is left to
 * it too.
 */
export function paymentListener(web: Web): Taker {
  return (incoming, outgoing) => {
    if (incoming.method !== 'POST' || incoming.url !== '/v1/payments') return false
    const announced = Number(incoming.headers['content-length'])
    if (!(announced > 0 && announced <= bodyBytesMax)) return false
    take(web, incoming, outgoing).catch((error: unknown) => {
      web.onFault('a reply could not be written', error)
      outgoing.destroy()
    })
    return true
  }
}

async function take(web: Web, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const call: Call = { req: { header: (name) => textOf(incoming.headers[name]) }, env: { incoming } }
  const { status, headers, content } = await replyTo(web, 'submitPayment', 'Payment', call, (known) =>
    submitPayment(web, call, () => readAll(incoming), known),
  )
  if (content instanceof ReadableStream) throw new Error('a payment is answered with a stream')
  const bytes = Buffer.byteLength(content)
  headers['content-length'] = String(bytes)
  outgoing.writeHead(status, headers)
  // What is a byte a character goes out with the head without being encoded.
  if (typeof content === 'string' && content.length === bytes) outgoing.end(content, 'latin1')
  else outgoing.end(content)
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * The server reads no more than was announced.
 * @throws BodyCutOff
 */
function readAll(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    // What a request's stream fails of is that its client is gone, or too slow.
    incoming.on('error', () => reject(new BodyCutOff()))
  })
}
