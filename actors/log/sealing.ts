import { open, openByWebCrypto, prefersWebCrypto, seal, sealByWebCrypto, TagMismatch, tagBytes } from './aead.ts'
import { createBlobs } from './blobs.ts'
import { DataKeyCache, type DataKeyOptions, DataKeySource, wrapBytes } from './dataKeys.ts'
import {
  decodeFrame,
  FrameError,
  type FrameFields,
  type FrameHeader,
  type FrameParts,
  frameBytes,
  frameHeader,
  frameIdentityBytes,
  frameMagic,
  frameVersion,
  writeFrameHeader,
} from './frame.ts'
import type { KeyPurpose, KeyRing } from './keyRing.ts'
import { SealError } from './sealError.ts'

export type SealerOptions = DataKeyOptions & {
  /** Whose key seals the evidence; it can be opened only by who holds that key. */
  readonly evidencePurpose?: KeyPurpose
}

/** Makes the frames of one sender for one shard. `body` and `evidence` may be used again once it has returned. */
export interface Sealer {
  /**
   * @returns the whole frame, ready to append
   * @throws FrameError when the frame would be too large or a field can't be carried.
   */
  seal(fields: FrameFields, body: Uint8Array, evidence?: Uint8Array): Uint8Array
  /** The same by the faster way for large frames where the runtime has one; `body` stays in use until then. */
  sealMaybe(fields: FrameFields, body: Uint8Array, evidence?: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export type OpenedFrame = {
  readonly header: FrameHeader
  /** Buffer of its own on a boundary of 8 bytes; the receiver may keep it. */
  readonly body: Uint8Array
  /**
   * Opens the evidence section; absent when the frame has none.
   * @throws SealError, among others when this process holds no key for it.
   */
  readonly evidence?: () => Uint8Array
  /** What the chain takes up: it covers header, body and evidence. A view of the frame's bytes. */
  readonly tag: Uint8Array
}

export interface Opener {
  /**
   * @throws FrameError when the bytes are no frame, or one of another shard
   * @throws SealError when it does not open.
   */
  open(frame: Uint8Array): OpenedFrame
  /** The same by the faster way for large frames where the runtime has one; throws or rejects alike. */
  openMaybe(frame: Uint8Array): OpenedFrame | Promise<OpenedFrame>
}

export function createSealer(ring: KeyRing, shard: number, options: SealerOptions = {}): Sealer {
  const source = new DataKeySource(ring, `shard/${shard}`, 'frame', options)
  const blobs = createBlobs(ring, options)
  const evidencePurpose = options.evidencePurpose ?? 'evidence/1'

  const begin = (fields: FrameFields, body: Uint8Array, evidence: Uint8Array | undefined) => {
    const ticket = source.next(body.length)
    const evidenceBytes = evidence === undefined ? 0 : blobs.sealedBytes(evidence.length)
    const header: FrameHeader = {
      magic: frameMagic,
      version: frameVersion,
      kind: fields.kind,
      shard,
      epoch: fields.epoch,
      count: fields.count,
      incarnation: fields.incarnation,
      counter: fields.counter,
      clockMs: fields.clockMs,
      keyId: ticket.keyId,
      bodyBytes: body.length,
      evidenceBytes,
      reserved: 0,
      wrap: ticket.wrap,
      bodyNonce: ticket.nonce,
      evidenceTag: new Uint8Array(tagBytes),
    }
    const frame = new Uint8Array(frameBytes(body.length, evidenceBytes))
    writeFrameHeader(frame, header)
    if (evidence !== undefined) {
      const section = blobs.sealBlob(evidencePurpose, evidence, frame.subarray(0, frameIdentityBytes))
      frame.set(section, frame.length - evidenceBytes)
      frame.set(section.subarray(-tagBytes), frameHeader.at.evidenceTag)
    }
    const target = frame.subarray(frameHeader.size, frameHeader.size + body.length + tagBytes)
    return { frame, ticket, bound: frame.subarray(0, frameHeader.size), target }
  }

  const sealNow: Sealer['seal'] = (fields, body, evidence) => {
    const { frame, ticket, bound, target } = begin(fields, body, evidence)
    seal(ticket.key, ticket.nonce, bound, body, target)
    return frame
  }
  return {
    seal: sealNow,
    sealMaybe(fields, body, evidence) {
      if (!prefersWebCrypto(body.length)) return sealNow(fields, body, evidence)
      const { frame, ticket, bound, target } = begin(fields, body, evidence)
      return sealByWebCrypto(ticket.key, ticket.nonce, bound, body, target).then(() => frame)
    },
  }
}

export type OpenerOptions = {
  /** Refuse frames of any other shard: a frame copied from one log into another opens, but does not belong there. */
  readonly shard?: number
}

export function createOpener(ring: KeyRing, options: OpenerOptions = {}): Opener {
  const cache = new DataKeyCache('frame')
  const blobs = createBlobs(ring)

  const begin = (frame: Uint8Array) => {
    const parts = decodeFrame(frame)
    const { header, headerBytes } = parts
    if (options.shard !== undefined && header.shard !== options.shard) {
      throw new FrameError('shard', `frame of shard ${header.shard} in the log of shard ${options.shard}`)
    }
    const kek = ring.byId(header.keyId)
    if (kek === undefined) throw new SealError('key-unknown', `key ${header.keyId} is not in the key ring`)
    if (kek.purpose !== `shard/${header.shard}`) {
      throw new SealError('key-foreign', `key ${kek.id} seals "${kek.purpose}", not frames of shard ${header.shard}`)
    }
    const wrap = headerBytes.subarray(frameHeader.at.wrap, frameHeader.at.wrap + wrapBytes)
    return { parts, key: naming(header, () => cache.unwrap(kek, wrap)) }
  }

  const finish = (parts: FrameParts, body: Uint8Array): OpenedFrame => {
    const { header, headerBytes, tag, sealedEvidence } = parts
    if (sealedEvidence === undefined) return { header, body, tag }
    if (!sameBytes(sealedEvidence.subarray(-tagBytes), header.evidenceTag)) throw tampered(header)
    const evidence = () => {
      const purpose = blobs.purposeOf(sealedEvidence)
      if (!purpose.startsWith('evidence/')) throw new SealError('key-foreign', `evidence is sealed for "${purpose}"`)
      return blobs.openBlob(purpose, sealedEvidence, headerBytes.subarray(0, frameIdentityBytes))
    }
    return { header, body, tag, evidence }
  }

  const openNow: Opener['open'] = (frame) => {
    const { parts, key } = begin(frame)
    const { header, headerBytes, sealedBody } = parts
    return finish(
      parts,
      naming(header, () => open(key, header.bodyNonce, headerBytes, sealedBody)),
    )
  }
  return {
    open: openNow,
    openMaybe(frame) {
      if (!prefersWebCrypto(frame.length)) return openNow(frame)
      const { parts, key } = begin(frame)
      const { header, headerBytes, sealedBody } = parts
      return openByWebCrypto(key, header.bodyNonce, headerBytes, sealedBody).then(
        (body) => finish(parts, body),
        (error: unknown) => {
          throw error instanceof TagMismatch ? tampered(header) : error
        },
      )
    },
  }
}

function naming<T>(header: FrameHeader, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof TagMismatch ? tampered(header) : error
  }
}

function tampered(header: FrameHeader): SealError {
  const { shard, incarnation, counter } = header
  return new SealError('tampered', `frame ${incarnation}/${counter} of shard ${shard} does not open: it was changed`)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
