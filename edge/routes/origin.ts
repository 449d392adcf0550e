import { createHash } from 'node:crypto'
import { isIP } from 'node:net'

/** Where a request came from: kept beside every transaction. */
export type Origin = {
  /** 16 bytes; an IPv4 address is mapped into IPv6 (RFC 4291 §2.5.5.2). */
  readonly ip: Uint8Array
  /** First 16 bytes of the SHA-256 of what the client calls its device, zeros when it says nothing. */
  readonly device: Uint8Array
  readonly latitude: number
  readonly longitude: number
}

const nothing = new Uint8Array(16)
const deviceLengthMax = 512
const hopsMax = 16
/** "31.230400,121.473700", as in a geo URI (RFC 5870), without altitude and parameters. */
const placePattern = /^(?:geo:)?(-?\d{1,2}(?:\.\d{1,9})?), ?(-?\d{1,3}(?:\.\d{1,9})?)$/

/**
 * The caller's address: the socket's, unless that is a proxy of ours, whose word about the hop before it is then taken.
 * What a client writes into the header itself counts for nothing.
 */
export function callerAddress(
  socketAddress: string,
  forwardedFor: string | undefined,
  proxies: ReadonlySet<string>,
): string {
  let address = plainAddress(socketAddress)
  if (forwardedFor === undefined || !proxies.has(address)) return address
  const hops = forwardedFor.split(',').slice(-hopsMax)
  for (let hop = hops.pop(); hop !== undefined && proxies.has(address); hop = hops.pop()) {
    const named = plainAddress(hop.trim())
    if (isIP(named) === 0) break
    address = named
  }
  return address
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/** Addresses read lately: a proxy or a busy caller sends every request from the same one. */
const read = new Map<string, Uint8Array>()
const readMax = 1_024

/** The 16 bytes of an address, not to be written to; zeros when it is none. */
export function addressBytes(address: string): Uint8Array {
  let bytes = read.get(address)
  if (bytes === undefined) {
    if (read.size >= readMax) read.clear()
    bytes = readAddress(address)
    read.set(address, bytes)
  }
  return bytes
}

function readAddress(address: string): Uint8Array {
  const bytes = new Uint8Array(16)
  const kind = isIP(address)
  if (kind === 4) {
    bytes[10] = 0xff
    bytes[11] = 0xff
    bytes.set(address.split('.').map(Number), 12)
  } else if (kind === 6) {
    const [head = '', tail] = address.split('%')[0]!.split('::')
    const words = (text: string): number[] => (text === '' ? [] : text.split(':').flatMap(wordsOf))
    const front = words(head)
    const back = tail === undefined ? [] : words(tail)
    const view = new DataView(bytes.buffer)
    for (const [i, word] of front.entries()) view.setUint16(i * 2, word)
    for (const [i, word] of back.entries()) view.setUint16(16 - (back.length - i) * 2, word)
  }
  return bytes
}

/** One group of an IPv6 address, or the two that a dotted tail stands for. */
function wordsOf(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

export function deviceBytes(fingerprint: string | undefined): Uint8Array {
  if (fingerprint === undefined || fingerprint === '') return nothing
  const hash = createHash('sha256').update(fingerprint.slice(0, deviceLengthMax)).digest()
  return new Uint8Array(hash.buffer, hash.byteOffset, 16)
}

/** Degrees from "latitude,longitude"; NaN for both when nothing was said. Undefined when what was said is no place. */
export function parsePlace(text: string | undefined): { latitude: number; longitude: number } | undefined {
  if (text === undefined || text === '') return { latitude: Number.NaN, longitude: Number.NaN }
  const match = placePattern.exec(text)
  if (match === null) return undefined
  const [latitude, longitude] = [Number(match[1]), Number(match[2])]
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined
}
