import { bodyBytesMax } from './wire/strictJson.ts'

export type MediaType = 'json' | 'protobuf'

/** What a body's Content-Type says it is; undefined when it is nothing that this API takes. */
export function mediaTypeOf(contentType: string | undefined): MediaType | undefined {
  if (contentType === 'application/json') return 'json'
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

const forms: Readonly<Record<string, { form: MediaType | 'as-asked'; specific: number }>> = {
  'application/json': { form: 'json', specific: 2 },
  'application/x-protobuf': { form: 'protobuf', specific: 2 },
  'application/protobuf': { form: 'protobuf', specific: 2 },
  'application/*': { form: 'as-asked', specific: 1 },
  '*/*': { form: 'as-asked', specific: 1 },
  // Problems are JSON in any case: who names their type asks for nothing more by it.
  'application/problem+json': { form: 'json', specific: 0 },
}

/**
 * The form of the answer: what Accept likes best, the first among equals; without a word about it, what the request came
 * in. Undefined when Accept takes nothing that this API can give.
 */
export function answerTypeOf(accept: string | undefined, request: MediaType): MediaType | undefined {
  if (accept === undefined || accept.trim() === '') return request
  let best: { form: MediaType | 'as-asked'; specific: number; quality: number } | undefined
  for (const range of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim())
    const known = Object.hasOwn(forms, name) ? forms[name] : undefined
    const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)
    if (known === undefined || !(quality > 0)) continue
    const better = best === undefined || quality > best.quality
    if (better || (quality === best?.quality && known.specific > best.specific)) best = { ...known, quality }
  }
  return best?.form === 'as-asked' ? request : best?.form
}

/**
 * Which of some further types Accept names and likes no less than JSON and Protobuf; undefined when it names none. What
 * a star stands for is answered as ever.
 */
export function namedTypeOf(accept: string | undefined, types: readonly string[]): string | undefined {
  let [best, bestQuality, ordinary] = [undefined as string | undefined, 0, 0]
  for (const range of types.length === 0 ? [] : (accept ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim())
    const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1) || 0
    if (types.includes(name) && quality > bestQuality) [best, bestQuality] = [name, quality]
    if (Object.hasOwn(forms, name) && !name.includes('*')) ordinary = Math.max(ordinary, quality)
  }
  return bestQuality >= ordinary ? best : undefined
}

/** The body is larger than this API takes. */
export class BodyTooLarge extends Error {
  constructor() {
    super(`the body is larger than ${bodyBytesMax} bytes`)
  }
}

/** The client went away before its body was whole: nobody is left to be answered. */
export class BodyCutOff extends Error {
  constructor() {
    super('the client went away before the end of the body')
  }
}

/**
 * Reads a request's body. Its announced length is judged before a byte is read, and its real one while reading, since
 * a chunked body announces none.
 * @throws BodyTooLarge
 * @throws BodyCutOff
 */
export async function readBody(request: Request, bytesMax = bodyBytesMax): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > bytesMax) throw new BodyTooLarge()
  try {
    // Before `body` is touched: to make a stream of it costs more than all else that is done with a payment here.
    if (announced > 0) return new Uint8Array(await request.arrayBuffer())
    return request.body === null ? new Uint8Array(0) : await gathered(request.body, bytesMax)
  } catch (error) {
    if (request.signal.aborted) throw new BodyCutOff()
    throw error
  }
}

async function gathered(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > bytesMax) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
