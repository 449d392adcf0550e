import { createHash } from 'node:crypto'
import {
  type InnerList,
  type Item,
  type Parameters,
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers'

/** What of a message can be signed (RFC 9421 §2): the parts of its target, and its fields in lower case. */
export type SignedMessage = {
  method: string
  /** Absolute, as the client sees it: scheme, authority, path and query. */
  url: URL
  headers: Readonly<Record<string, string | undefined>>
  /** Only of a response. */
  status?: number
}

export type ParsedSignature = {
  label: string
  components: readonly string[]
  keyId: string
  algorithm: string | undefined
  /** Unix seconds. */
  created: number | undefined
  expires: number | undefined
  nonce: string | undefined
  signature: Uint8Array
  /** The bytes that must have been signed. */
  base: Uint8Array
}

export type SignatureProblem = 'missing' | 'malformed' | 'components' | 'stale' | 'digest' | 'algorithm'

/** A message whose signature cannot even be tried; the message says why. */
export class SignatureError extends Error {
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, message: string) {
    super(message)
    this.name = 'SignatureError'
    this.problem = problem
  }
}

export const createdSkewSeconds = 300
const encoder = new TextEncoder()

/** Value of one covered component (RFC 9421 §2.1, §2.2). */
function componentValue(message: SignedMessage, component: Item): string {
  const [name, parameters] = component
  if (typeof name !== 'string') throw new SignatureError('malformed', 'a component name must be a string')
  const { url, method, headers, status } = message
  switch (name) {
    case '@method':
      return method
    case '@target-uri':
      return url.href
    case '@authority':
      return url.host
    case '@scheme':
      return url.protocol.slice(0, -1)
    case '@request-target':
      return url.pathname + url.search
    case '@path':
      return url.pathname
    case '@query':
      return url.search === '' ? '?' : url.search
    case '@query-param':
      return queryParameter(url, parameters)
    case '@status':
      if (status === undefined) throw new SignatureError('components', 'a request has no @status')
      return String(status)
  }
  if (name.startsWith('@')) throw new SignatureError('components', `the component ${name} is not known`)
  // What every object has is no field that was sent.
  return fieldValue(Object.hasOwn(headers, name) ? headers[name] : undefined, name, parameters)
}

function queryParameter(url: URL, parameters: Parameters): string {
  const name = parameters.get('name')
  const values = typeof name === 'string' ? url.searchParams.getAll(decodedName(name)) : []
  if (values.length !== 1) throw new SignatureError('components', 'a covered query parameter must stand there once')
  return encodeURIComponent(values[0]!)
}

function decodedName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new SignatureError('components', 'a covered query parameter has a name that is not well encoded')
  }
}

function fieldValue(value: string | undefined, name: string, parameters: Parameters): string {
  if (value === undefined) throw new SignatureError('components', `the covered field ${name} is not in the message`)
  const key = parameters.get('key')
  if (typeof key === 'string') {
    const member = parseHeader(value, name, parseDictionary).get(key)
    if (member === undefined) throw new SignatureError('components', `the field ${name} has no member ${key}`)
    return Array.isArray(member[0]) ? serializeInnerList(member as InnerList) : serializeItem(member as Item)
  }
  if (parameters.get('sf') === true) return serializeDictionary(parseHeader(value, name, parseDictionary))
  if (parameters.size > 0) throw new SignatureError('components', `a parameter of the component ${name} is not known`)
  return value.trim().replace(/\s*\r?\n\s*/g, ' ')
}

/** The signature base (RFC 9421 §2.5). */
function signatureBase(message: SignedMessage, covered: InnerList): Uint8Array {
  const seen = new Set<string>()
  const lines = covered[0].map((component) => {
    const name = serializeItem(component)
    if (seen.has(name)) throw new SignatureError('components', `the component ${name} is covered twice`)
    seen.add(name)
    return `${name}: ${componentValue(message, component)}`
  })
  lines.push(`"@signature-params": ${serializeInnerList(covered)}`)
  return encoder.encode(lines.join('\n'))
}

function parseHeader<T>(value: string | undefined, name: string, parse: (text: string) => T): T {
  if (value === undefined) throw new SignatureError('missing', `the ${name} header is missing`)
  try {
    return parse(value)
  } catch {
    throw new SignatureError('malformed', `the ${name} header is not a structured field`)
  }
}

/**
 * Reads a message's signature and the bytes it must cover. `label` picks one of several.
 * @throws SignatureError
 */
export function parseSignature(message: SignedMessage, label?: string): ParsedSignature {
  const inputs = parseHeader(message.headers['signature-input'], 'Signature-Input', parseDictionary)
  const signatures = parseHeader(message.headers.signature, 'Signature', parseDictionary)
  const name = label ?? inputs.keys().next().value
  const covered = name === undefined ? undefined : inputs.get(name)
  const signature = name === undefined ? undefined : signatures.get(name)?.[0]
  if (name === undefined || covered === undefined || !Array.isArray(covered[0])) {
    throw new SignatureError('malformed', 'Signature-Input names no list of components')
  }
  if (!(signature instanceof ArrayBuffer)) throw new SignatureError('malformed', `Signature has no bytes for ${name}`)
  const parameters = covered[1]
  const text = (key: string): string | undefined => {
    const value = parameters.get(key)
    return typeof value === 'string' ? value : undefined
  }
  const number = (key: string): number | undefined => {
    const value = parameters.get(key)
    if (value instanceof Date) return value.getTime() / 1_000
    return typeof value === 'number' ? value : undefined
  }
  const keyId = text('keyid')
  if (keyId === undefined) throw new SignatureError('malformed', 'the signature names no keyid')
  return {
    label: name,
    components: (covered as InnerList)[0].map(([component]) => String(component)),
    keyId,
    algorithm: text('alg'),
    created: number('created'),
    expires: number('expires'),
    nonce: text('nonce'),
    signature: new Uint8Array(signature),
    base: signatureBase(message, covered as InnerList),
  }
}

/**
 * Holds a request's signature to this API's rule: made within five minutes of now, over method, path, query and body.
 * @throws SignatureError that says what is missing.
 */
export function checkPolicy(parsed: ParsedSignature, message: SignedMessage, body: Uint8Array, nowMs: number): void {
  const { components, created, expires } = parsed
  const covers = (name: string): boolean => components.includes(name)
  const target = covers('@target-uri') || covers('@request-target')
  if (!covers('@method')) throw new SignatureError('components', 'the signature must cover @method')
  if (!target && !covers('@path')) throw new SignatureError('components', 'the signature must cover @path')
  if (!target && message.url.search !== '' && !covers('@query')) {
    throw new SignatureError('components', 'the signature must cover @query')
  }
  if (body.length > 0 && !covers('content-digest')) {
    throw new SignatureError('components', 'the signature must cover content-digest')
  }
  if (body.length > 0) checkDigest(message.headers['content-digest'], body)
  const nowSeconds = Math.floor(nowMs / 1_000)
  if (created === undefined) throw new SignatureError('components', 'the signature must say when it was created')
  if (Math.abs(nowSeconds - created) > createdSkewSeconds) {
    throw new SignatureError('stale', `the signature was not created within ${createdSkewSeconds} s of now`)
  }
  if (expires !== undefined && expires < nowSeconds) throw new SignatureError('stale', 'the signature has expired')
}

/** Content-Digest (RFC 9530) with SHA-256. */
export function checkDigest(header: string | undefined, body: Uint8Array): void {
  const digests = parseHeader(header, 'Content-Digest', parseDictionary)
  const claimed = digests.get('sha-256')?.[0]
  if (!(claimed instanceof ArrayBuffer)) throw new SignatureError('digest', 'Content-Digest has no sha-256')
  const actual = createHash('sha256').update(body).digest()
  if (Buffer.compare(Buffer.from(claimed), actual) !== 0) {
    throw new SignatureError('digest', 'the body is not the one that Content-Digest names')
  }
}
