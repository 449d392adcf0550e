import { createHash } from 'node:crypto'
import {
  type Dictionary,
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
  /** Names of what is covered whole: with parameters a component is only a part of it, or another form. */
  wholeComponents: readonly string[]
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
export type Body = Uint8Array | 'to come'

/** What is covered is gathered before anybody knows who asks. */
export const componentsMax = 32
const encoder = new TextEncoder()

/** A field of the message as a dictionary. */
type ReadDictionary = (name: string, value: string) => Dictionary

/** Value of one covered component (RFC 9421 §2.1, §2.2). */
function componentValue(message: SignedMessage, component: Item, dictionaryOf: ReadDictionary): string {
  const [name, parameters] = component
  if (typeof name !== 'string') throw new SignatureError('malformed', 'a component name must be a string')
  const parametersMax = name === '@query-param' ? 1 : 0
  if (name.startsWith('@') && parameters.size > parametersMax) throw unknownParameter(name)
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
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined) throw new SignatureError('components', `the covered field ${name} is not in the message`)
  return fieldValue(value, name, parameters, dictionaryOf)
}

function unknownParameter(name: string): SignatureError {
  return new SignatureError('components', `a parameter of the component ${name} is not known`)
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

function fieldValue(value: string, name: string, parameters: Parameters, dictionaryOf: ReadDictionary): string {
  if (parameters.size === 0) {
    // A folded line counts as one (§2.1); a line feed that was left would end the line of the base.
    const lines = value.split('\n').map((line) => line.trim())
    return lines.join(' ')
  }
  const key = parameters.get('key')
  const byKey = typeof key === 'string'
  // Beside a parameter that is passed over, the same field could be written into the base again and again.
  if (parameters.size > 1 || (!byKey && parameters.get('sf') !== true)) throw unknownParameter(name)
  const dictionary = dictionaryOf(name, value)
  if (!byKey) return serializeDictionary(dictionary)
  const member = dictionary.get(key)
  if (member === undefined) throw new SignatureError('components', `the field ${name} has no member ${key}`)
  return Array.isArray(member[0]) ? serializeInnerList(member as InnerList) : serializeItem(member as Item)
}

/** The signature base (RFC 9421 §2.5). */
function signatureBase(message: SignedMessage, covered: InnerList): Uint8Array {
  if (covered[0].length > componentsMax) {
    throw new SignatureError('components', `a signature may cover at most ${componentsMax} components`)
  }
  const seen = new Set<string>()
  const read = new Map<string, Dictionary>()
  const dictionaryOf: ReadDictionary = (field, value) => {
    const dictionary = read.get(field) ?? parseHeader(value, field, parseDictionary)
    read.set(field, dictionary)
    return dictionary
  }
  const lines = covered[0].map((component) => {
    const name = serializeItem(component)
    if (seen.has(name)) throw new SignatureError('components', `the component ${name} is covered twice`)
    seen.add(name)
    return `${name}: ${componentValue(message, component, dictionaryOf)}`
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
    wholeComponents: (covered as InnerList)[0].filter(([, { size }]) => size === 0).map(([name]) => String(name)),
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
 * Holds a request's signature to this API's rule: made within five minutes of now, over method, path, query, body and id.
 * @param body `to come` before it is read, when its digest must be covered: then `checkDigest` has the last word
 * @throws SignatureError that says what is missing.
 */
export function checkPolicy(parsed: ParsedSignature, message: SignedMessage, body: Body, nowMs: number): void {
  const { wholeComponents, created, expires } = parsed
  const covers = (name: string): boolean => wholeComponents.includes(name)
  const demand = (name: string): void => {
    const what = `the signature must cover ${name}, whole and without parameters`
    if (!covers(name)) throw new SignatureError('components', what)
  }
  const target = covers('@target-uri') || covers('@request-target')
  demand('@method')
  if (!target) demand('@path')
  if (!target && message.url.search !== '') demand('@query')
  if (body === 'to come' || body.length > 0) demand('content-digest')
  // Whoever has seen the request could otherwise send it again under an id of theirs, as a command of its own.
  if (message.headers['idempotency-key'] !== undefined) demand('idempotency-key')
  if (body !== 'to come' && body.length > 0) checkDigest(message.headers['content-digest'], body)
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
