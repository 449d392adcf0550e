import { layout, type RecordOf, readRecord, writeRecord } from '../ledger/layout.ts'
import { frameKinds } from '../ledger/records.ts'
import { tagBytes } from './aead.ts'

/** "JZF1" read as a little-endian number. */
export const frameMagic = 0x31465a4a
/** Counts up when a layout changes, of the header or of what bodies hold. */
export const frameVersion = 3

/** NATS carries 2 MiB (`max_payload`); the last KiB stays free for what a server or a mirror adds. */
export const frameBytesMax = 2 * 1024 * 1024 - 1024

/** The first bytes of every frame, in clear and authenticated. It ends on a multiple of 8, so the body is aligned. */
export const frameHeader = layout('frameHeader', {
  magic: ['u32', 'JZF1'],
  version: ['u8', 'version of this layout'],
  kind: ['u8', '1 payments, 2 transit, 3 commands, 4 batch'],
  shard: ['u16', 'shard whose log holds the frame'],
  epoch: ['u32', 'ownership epoch in which the frame counts'],
  count: ['u32', 'records in the body'],
  incarnation: ['f64', 'unique per start of a sending process, integer below 2^53'],
  counter: ['f64', "the sender's frame number; with the incarnation it is the frame's id"],
  clockMs: ['f64', "the sender's clock, Unix milliseconds"],
  keyId: ['u32', 'key-encryption key that wraps the data key'],
  bodyBytes: ['u32', 'length of the sealed body, tag not counted'],
  evidenceBytes: ['u32', 'length of the sealed evidence section, 0 when there is none'],
  reserved: ['u32', 'zero'],
  wrap: ['bytes60', 'data key sealed by the key-encryption key: nonce 12, wrapped key 32, tag 16'],
  bodyNonce: ['bytes12', 'nonce of the body'],
  evidenceTag: ['bytes16', "tag of the evidence section, so that the frame's own tag covers it; zeros when none"],
})

export type FrameHeader = RecordOf<typeof frameHeader.fields>

/** What a sender says about its frame; the sealer fills in the rest. */
export type FrameFields = Pick<FrameHeader, 'kind' | 'epoch' | 'count' | 'incarnation' | 'counter' | 'clockMs'>

/** The part of the header that names the frame and its sizes; the evidence section is bound to it. */
export const frameIdentityBytes = frameHeader.at.wrap

export type FrameProblem = 'truncated' | 'oversize' | 'foreign' | 'version' | 'kind' | 'length' | 'field' | 'shard'

/** The bytes are not a frame that this program can read, now or later. */
export class FrameError extends Error {
  readonly problem: FrameProblem

  constructor(problem: FrameProblem, message: string) {
    super(message)
    this.name = 'FrameError'
    this.problem = problem
  }
}

/** A frame taken apart, nothing opened yet; all parts but `header` are views of the frame's bytes. */
export type FrameParts = {
  readonly header: FrameHeader
  readonly headerBytes: Uint8Array
  /** Ciphertext and tag. */
  readonly sealedBody: Uint8Array
  readonly tag: Uint8Array
  readonly sealedEvidence: Uint8Array | undefined
}

const knownKinds: ReadonlySet<number> = new Set(Object.values(frameKinds))

/** Bytes of a frame with a body and an evidence section of these lengths. */
export function frameBytes(bodyBytes: number, evidenceBytes: number): number {
  return frameHeader.size + bodyBytes + tagBytes + evidenceBytes
}

/**
 * Writes a header to the start of `frame`.
 * @throws FrameError when a field can't be carried or the frame is larger than the log takes.
 */
export function writeFrameHeader(frame: Uint8Array, header: FrameHeader): void {
  if (frame.length > frameBytesMax) {
    throw new FrameError('oversize', `frame of ${frame.length} bytes, the log takes at most ${frameBytesMax}`)
  }
  checkFields(header)
  writeRecord(frameHeader, new DataView(frame.buffer, frame.byteOffset, frameHeader.size), 0, header)
}

/**
 * Takes a frame apart and checks everything that can be checked without a key.
 * @throws FrameError that names what is wrong.
 */
export function decodeFrame(frame: Uint8Array): FrameParts {
  if (frame.length > frameBytesMax) {
    throw new FrameError('oversize', `frame of ${frame.length} bytes, at most ${frameBytesMax} are allowed`)
  }
  if (frame.length < frameHeader.size + tagBytes) {
    throw new FrameError('truncated', `frame of ${frame.length} bytes, header and tag alone take ${frameBytes(0, 0)}`)
  }
  const header = readRecord(frameHeader, new DataView(frame.buffer, frame.byteOffset, frameHeader.size), 0)
  if (header.magic !== frameMagic) throw new FrameError('foreign', 'not a frame: it does not begin with JZF1')
  if (header.version !== frameVersion) {
    throw new FrameError('version', `frame version ${header.version}, this program reads ${frameVersion}`)
  }
  checkFields(header)
  const expectedBytes = frameBytes(header.bodyBytes, header.evidenceBytes)
  if (frame.length < expectedBytes) {
    throw new FrameError('truncated', `frame of ${frame.length} bytes, its header announces ${expectedBytes}`)
  }
  if (frame.length > expectedBytes) {
    throw new FrameError('length', `frame of ${frame.length} bytes, its header announces only ${expectedBytes}`)
  }
  const bodyEnd = frameHeader.size + header.bodyBytes
  const tagEnd = bodyEnd + tagBytes
  return {
    header,
    headerBytes: frame.subarray(0, frameHeader.size),
    sealedBody: frame.subarray(frameHeader.size, tagEnd),
    tag: frame.subarray(bodyEnd, tagEnd),
    sealedEvidence: header.evidenceBytes > 0 ? frame.subarray(tagEnd) : undefined,
  }
}

function checkFields(header: FrameHeader): void {
  if (!knownKinds.has(header.kind)) throw new FrameError('kind', `frame kind ${header.kind} is not known`)
  for (const name of ['incarnation', 'counter', 'clockMs'] as const) {
    const value = header[name]
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new FrameError('field', `frame field ${name} must be an integer from 0 to 2^53 - 1, not ${value}`)
    }
  }
  for (const name of ['shard', 'epoch', 'count', 'keyId', 'bodyBytes', 'evidenceBytes'] as const) {
    const value = header[name]
    if (!Number.isInteger(value) || value < 0 || value > (name === 'shard' ? 0xffff : 0xffff_ffff)) {
      throw new FrameError('field', `frame field ${name} must be an unsigned integer, not ${value}`)
    }
  }
}
