import { layout, readRecord, writeRecord } from '../ledger/layout.ts'
import {
  nonceBytes,
  open,
  openByWebCrypto,
  prefersWebCrypto,
  seal,
  sealByWebCrypto,
  TagMismatch,
  tagBytes,
} from './aead.ts'
import { DataKeyCache, type DataKeyOptions, DataKeySource, type SealingTicket } from './dataKeys.ts'
import type { KeyPurpose, KeyRing } from './keyRing.ts'
import { SealError } from './sealError.ts'

/** "JZB1" read as a little-endian number. */
const blobMagic = 0x31425a4a

/** The first bytes of everything that is sealed outside a frame's body. */
export const blobHeader = layout('blobHeader', {
  magic: ['u32', 'JZB1'],
  keyId: ['u32', 'key-encryption key that wraps the data key; it names the purpose too'],
  wrap: ['bytes60', 'data key sealed by the key-encryption key: nonce 12, wrapped key 32, tag 16'],
  nonce: ['bytes12', 'nonce of the content'],
})

/** Bytes that sealing adds to a blob. */
export const blobOverheadBytes = blobHeader.size + tagBytes

/**
 * Seals and opens what is not a frame: snapshot chunks, effects, evidence, values in Postgres.
 * `bound` is authenticated but not stored: give what the blob belongs to (its row, its place), so that it opens nowhere
 * else. The `Maybe` forms do the same work, by the faster way for large blobs where the runtime has one.
 */
export interface Blobs {
  sealBlob(purpose: KeyPurpose, content: Uint8Array, bound: Uint8Array | string): Uint8Array
  sealBlobMaybe(purpose: KeyPurpose, content: Uint8Array, bound: Uint8Array | string): Uint8Array | Promise<Uint8Array>
  /** @throws SealError when the blob is not whole, not of this purpose, or bound to something else. */
  openBlob(purpose: KeyPurpose, blob: Uint8Array, bound: Uint8Array | string): Uint8Array
  /** @throws SealError, or rejects with it. */
  openBlobMaybe(purpose: KeyPurpose, blob: Uint8Array, bound: Uint8Array | string): Uint8Array | Promise<Uint8Array>
  /**
   * The purpose that a blob's key names.
   * @throws SealError when it is no blob or its key is not known.
   */
  purposeOf(blob: Uint8Array): KeyPurpose
  /** Bytes of a blob with this much content. */
  sealedBytes(contentBytes: number): number
}

export function createBlobs(ring: KeyRing, options: DataKeyOptions = {}): Blobs {
  const sources = new Map<KeyPurpose, DataKeySource>()
  const cache = new DataKeyCache('blob')

  const begin = (purpose: KeyPurpose, content: Uint8Array, bound: Uint8Array | string) => {
    let source = sources.get(purpose)
    if (source === undefined) {
      source = new DataKeySource(ring, purpose, 'blob', options)
      sources.set(purpose, source)
    }
    const ticket = source.next(content.length)
    const blob = new Uint8Array(blobOverheadBytes + content.length)
    writeBlobHeader(blob, ticket)
    return { ticket, blob, binding: bindingOf(blob, bound), target: blob.subarray(blobHeader.size) }
  }

  const readHeader = (blob: Uint8Array) => {
    if (blob.length < blobOverheadBytes) throw new SealError('malformed', `sealed blob of ${blob.length} bytes`)
    const header = readRecord(blobHeader, viewOf(blob), 0)
    if (header.magic !== blobMagic) throw new SealError('malformed', 'not a sealed blob: it does not begin with JZB1')
    const kek = ring.byId(header.keyId)
    if (kek === undefined) throw new SealError('key-unknown', `key ${header.keyId} is not in the key ring`)
    return { header, kek }
  }

  const read = (purpose: KeyPurpose, blob: Uint8Array, bound: Uint8Array | string) => {
    const { header, kek } = readHeader(blob)
    if (kek.purpose !== purpose) {
      throw new SealError('key-foreign', `key ${kek.id} seals "${kek.purpose}", not "${purpose}"`)
    }
    const key = named(purpose, () => cache.unwrap(kek, header.wrap))
    return { key, nonce: header.nonce, binding: bindingOf(blob, bound), sealed: blob.subarray(blobHeader.size) }
  }

  const openBlob: Blobs['openBlob'] = (purpose, blob, bound) => {
    const { key, nonce, binding, sealed } = read(purpose, blob, bound)
    return named(purpose, () => open(key, nonce, binding, sealed))
  }
  const sealBlob: Blobs['sealBlob'] = (purpose, content, bound) => {
    const { ticket, blob, binding, target } = begin(purpose, content, bound)
    seal(ticket.key, ticket.nonce, binding, content, target)
    return blob
  }
  return {
    sealBlob,
    openBlob,
    purposeOf: (blob) => readHeader(blob).kek.purpose,
    sealedBytes: (contentBytes) => blobOverheadBytes + contentBytes,
    sealBlobMaybe(purpose, content, bound) {
      if (!prefersWebCrypto(content.length)) return sealBlob(purpose, content, bound)
      const { ticket, blob, binding, target } = begin(purpose, content, bound)
      return sealByWebCrypto(ticket.key, ticket.nonce, binding, content, target).then(() => blob)
    },
    openBlobMaybe(purpose, blob, bound) {
      if (!prefersWebCrypto(blob.length)) return openBlob(purpose, blob, bound)
      const { key, nonce, binding, sealed } = read(purpose, blob, bound)
      return openByWebCrypto(key, nonce, binding, sealed).catch((error: unknown) => {
        throw asSealError(error, purpose)
      })
    },
  }
}

function writeBlobHeader(blob: Uint8Array, ticket: SealingTicket): void {
  const { keyId, wrap, nonce } = ticket
  writeRecord(blobHeader, viewOf(blob), 0, { magic: blobMagic, keyId, wrap, nonce })
}

/** The blob's header is bound beside what the caller binds, so that no part of the blob can be exchanged. */
function bindingOf(blob: Uint8Array, bound: Uint8Array | string): Uint8Array {
  const extra = typeof bound === 'string' ? Buffer.from(bound) : bound
  const binding = new Uint8Array(blobHeader.size + extra.length)
  binding.set(blob.subarray(0, blobHeader.size))
  binding.set(extra, blobHeader.size)
  return binding
}

function named<T>(purpose: KeyPurpose, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asSealError(error, purpose)
  }
}

function asSealError(error: unknown, purpose: KeyPurpose): unknown {
  if (!(error instanceof TagMismatch)) return error
  return new SealError('tampered', `sealed blob for "${purpose}" was changed, or belongs to something else`)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

// A nonce field of another size would be cut off or padded without a word.
if (blobHeader.at.nonce + nonceBytes !== blobHeader.size) throw new Error('blob header does not end with its nonce')
