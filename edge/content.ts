import { bodyBytesMax } from './wire/strictJson.ts'

export type MediaType = 'json' | 'protobuf'

/** What a body's Content-Type says it is; undefined when it is nothing that this API takes. */
export function mediaTypeOf(contentType: string | undefined): MediaType | undefined {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='))
  if (charset !== undefined && charset !== 'charset=utf-8' && charset !== 'charset="utf-8"') return undefined
  switch (type.trim()) {
    case 'application/json':
      return 'json'
    case 'application/x-protobuf':
    case 'application/protobuf':
      return 'protobuf'
    default:
      return undefined
  }
}

/** The form of the answer: what Accept asks for, else what the request came in. */
export function answerTypeOf(accept: string | undefined, request: MediaType): MediaType | undefined {
  if (accept === undefined || accept === '' || /\*\/\*|application\/\*/.test(accept)) return request
  if (/application\/(x-)?protobuf/i.test(accept)) return 'protobuf'
  return /application\/(json|problem\+json)/i.test(accept) ? 'json' : undefined
}

/** The body is larger than this API takes. */
export class BodyTooLarge extends Error {
  constructor() {
    super(`the body is larger than ${bodyBytesMax} bytes`)
  }
}

/**
 * Reads a request's body. Its announced length is judged before a byte is read, and its real one while reading, since
 * a chunked body announces none.
 * @throws BodyTooLarge
 */
export async function readBody(request: Request, bytesMax = bodyBytesMax): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > bytesMax) throw new BodyTooLarge()
  if (request.body === null) return new Uint8Array(0)
  if (announced > 0) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body) {
    size += chunk.length
    if (size > bytesMax) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
