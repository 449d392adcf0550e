import { createHash } from 'node:crypto'
import { layout, readRecord, writeRecord } from '../ledger/layout.ts'
import { type Blobs, blobOverheadBytes } from './blobs.ts'
import { chainBytes, nextChain } from './chain.ts'
import { tagOf } from './replica.ts'
import { SealError } from './sealError.ts'
import type { LogEntry } from './shardLog.ts'

/** Raised when the layout of a segment changes; an older program refuses a newer format. */
export const segmentFormatVersion = 2
/** Its entries name no epoch: they come from logs that had one region, where it is 0. */
const versionWithoutEpochs = 1
/** "JZA1" read as a little-endian number. */
const segmentMagic = 0x31415a4a
const footerBytesMax = 4_096
const checkBytes = 32

/** The first bytes of a segment: entries of one shard's log, exactly as the log held them. */
const segmentHeader = layout('segmentHeader', {
  magic: ['u32', 'JZA1'],
  version: ['u32', 'version of this layout'],
  shard: ['u32', 'shard whose log it is a part of'],
  region: ['u32', "character code of the region's letter"],
  firstSeq: ['f64', 'sequence of the first entry'],
  startChain: ['bytes32', "the log's chain before the first entry"],
})

const placeFields = {
  seq: ['f64', 'place in the log'],
  stampMs: ['f64', "when the log's server stored it, Unix milliseconds"],
  dataBytes: ['u32', 'length of the frame'],
  subjectBytes: ['u32', 'length of the subject, which stands before the frame'],
} as const
const checkField = ['bytes32', 'SHA-256 of the check before it, the fields above, the subject and the frame'] as const

/** Precedes the subject and the frame of each entry. */
const segmentEntry = layout('segmentEntry', {
  ...placeFields,
  epoch: ['u32', 'the only epoch whose frames count at this place'],
  reserved: ['u32', 'zero'],
  check: checkField,
})
const segmentEntryWithoutEpoch = layout('segmentEntryWithoutEpoch', { ...placeFields, check: checkField })

/** The last bytes: the sealed footer's length stands behind it, so that a reader finds it from the end. */
const trailerBytes = 8

export type SegmentPlace = {
  readonly region: string
  readonly shard: number
  readonly first: number
  readonly last: number
}

/** A part of a log that was opened and is whole. */
export type Segment = SegmentPlace & {
  readonly startChain: Uint8Array
  readonly endChain: Uint8Array
  readonly entries: readonly LogEntry[]
}

/** A segment that cannot be used: which one, at which entry of the log, and what is wrong with it. */
export class SegmentError extends Error {
  readonly segment: string
  readonly shard: number
  readonly seq: number

  constructor(segment: string, { shard }: SegmentPlace, seq: number, what: string, options?: ErrorOptions) {
    super(`segment ${segment}: shard ${shard}, sequence ${seq}: ${what}`, options)
    this.name = 'SegmentError'
    this.segment = segment
    this.shard = shard
    this.seq = seq
  }
}

const placeText = ({ region, shard, first, last }: SegmentPlace): string =>
  `segment|region ${region} shard ${shard} entries ${first} to ${last}`

type Footer = { endChain: string; check: string; bytes: number }

/**
 * Lays entries out as one segment, piece by piece. Frames stay sealed as they are; stamps and subjects, which no frame
 * covers, are bound by the checks, and the last check by the sealed footer: only who holds the key can alter one.
 * @param startChain the log's chain before the first of them
 */
export function sealSegment(
  blobs: Blobs,
  region: string,
  shard: number,
  startChain: Uint8Array,
  entries: readonly LogEntry[],
): { place: SegmentPlace; endChain: Uint8Array; pieces: Uint8Array[] } {
  const first = entries[0]!.seq
  const place = { region, shard, first, last: entries.at(-1)!.seq }
  const header = new Uint8Array(segmentHeader.size)
  const fields = { magic: segmentMagic, version: segmentFormatVersion, shard, region: region.charCodeAt(0) }
  writeRecord(segmentHeader, viewOf(header), 0, { ...fields, firstSeq: first, startChain })
  const pieces: Uint8Array[] = [header]
  let check = firstCheck(header)
  let chain: Uint8Array = startChain
  let bytes = header.length
  for (const { seq, stampMs, subject, data, epoch = 0 } of entries) {
    const name = Buffer.from(subject)
    const head = new Uint8Array(segmentEntry.size)
    const sizes = { dataBytes: data.length, subjectBytes: name.length }
    const entry = { seq, stampMs, ...sizes, epoch, reserved: 0, check: new Uint8Array(checkBytes) }
    writeRecord(segmentEntry, viewOf(head), 0, entry)
    check = nextCheck(check, head, name, data)
    head.set(check, segmentEntry.at.check)
    pieces.push(head, name, data)
    bytes += head.length + name.length + data.length
    chain = nextChain(chain, tagOf(data))
  }
  const footer: Footer = { endChain: hex(chain), check: hex(check), bytes }
  const sealed = blobs.sealBlob('snapshot', Buffer.from(JSON.stringify(footer)), placeText(place))
  const trailer = new Uint8Array(trailerBytes)
  viewOf(trailer).setUint32(0, sealed.length, true)
  viewOf(trailer).setUint32(4, segmentMagic, true)
  return { place, endChain: chain, pieces: [...pieces, sealed, trailer] }
}

/**
 * Opens a segment and checks every byte of it.
 * @param name shown in errors
 * @throws SegmentError that names the first entry that is not as it was written.
 */
export function openSegment(blobs: Blobs, name: string, place: SegmentPlace, bytes: Uint8Array): Segment {
  const damaged = (seq: number, what: string, options?: ErrorOptions) =>
    new SegmentError(name, place, seq, what, options)
  const header = readHeader(bytes, place, damaged)
  const entries: LogEntry[] = []
  let at = segmentHeader.size
  let check = firstCheck(bytes.subarray(0, at))
  let chain = header.startChain
  for (let seq = place.first; seq <= place.last; seq++) {
    const found = readEntry(bytes, at, seq, check, header.version, damaged)
    entries.push(found.entry)
    check = found.check
    chain = nextChain(chain, tagOf(found.entry.data))
    at = found.end
  }
  const footer = readFooter(blobs, bytes, at, place, damaged)
  if (footer.check !== hex(check) || footer.endChain !== hex(chain)) {
    throw damaged(place.last, 'its entries are not those that its sealed footer speaks of')
  }
  return { ...place, startChain: header.startChain, endChain: chain, entries }
}

type Damaged = (seq: number, what: string, options?: ErrorOptions) => SegmentError

function readHeader(
  bytes: Uint8Array,
  place: SegmentPlace,
  damaged: Damaged,
): { startChain: Uint8Array; version: number } {
  if (bytes.length < segmentHeader.size) throw damaged(place.first, 'it is cut short')
  const { magic, version, shard, region, firstSeq, startChain } = readRecord(segmentHeader, viewOf(bytes), 0)
  if (magic !== segmentMagic) throw damaged(place.first, 'it does not begin with JZA1')
  if (version !== segmentFormatVersion && version !== versionWithoutEpochs) {
    throw damaged(place.first, `its format is ${version}, this program reads ${segmentFormatVersion}`)
  }
  if (shard !== place.shard || region !== place.region.charCodeAt(0) || firstSeq !== place.first) {
    throw damaged(place.first, 'it is another one than its name says')
  }
  return { startChain, version }
}

function readEntry(
  bytes: Uint8Array,
  at: number,
  seq: number,
  checkBefore: Uint8Array,
  version: number,
  damaged: Damaged,
): { entry: LogEntry; check: Uint8Array; end: number } {
  const record = version === versionWithoutEpochs ? segmentEntryWithoutEpoch : segmentEntry
  const dataOf = at + record.size
  if (dataOf > bytes.length) throw damaged(seq, 'it is cut short')
  const head = { epoch: 0, ...readRecord<typeof record.fields>(record, viewOf(bytes), at) }
  if (head.seq !== seq) throw damaged(seq, `sequence ${head.seq} stands in its place`)
  const frameAt = dataOf + head.subjectBytes
  const end = frameAt + head.dataBytes
  if (end > bytes.length) throw damaged(seq, 'it is cut short, or its length was changed')
  const [name, data] = [bytes.subarray(dataOf, frameAt), bytes.subarray(frameAt, end)]
  const check = nextCheck(checkBefore, bytes.subarray(at, dataOf), name, data)
  if (Buffer.compare(check, head.check) !== 0) throw damaged(seq, 'it was changed')
  const entry = { seq, stampMs: head.stampMs, subject: Buffer.from(name).toString(), data }
  return { entry: head.epoch === 0 ? entry : { ...entry, epoch: head.epoch }, check, end }
}

function readFooter(blobs: Blobs, bytes: Uint8Array, at: number, place: SegmentPlace, damaged: Damaged): Footer {
  const { last } = place
  const footerBytes = bytes.length - trailerBytes - at
  const trailer = viewOf(bytes)
  if (footerBytes < blobOverheadBytes || footerBytes > footerBytesMax) throw damaged(last, 'its footer is not there')
  const told = trailer.getUint32(bytes.length - trailerBytes, true)
  if (told !== footerBytes || trailer.getUint32(bytes.length - 4, true) !== segmentMagic) {
    throw damaged(last, 'its footer is not where it should be')
  }
  try {
    const sealed = bytes.subarray(at, at + footerBytes)
    return JSON.parse(Buffer.from(blobs.openBlob('snapshot', sealed, placeText(place))).toString()) as Footer
  } catch (error) {
    const what = error instanceof SealError ? error.message : 'it cannot be read'
    throw damaged(last, `its footer does not open: ${what}`, { cause: error })
  }
}

function firstCheck(header: Uint8Array): Uint8Array {
  return createHash('sha256').update(header).digest()
}

function nextCheck(before: Uint8Array, head: Uint8Array, subject: Uint8Array, data: Uint8Array): Uint8Array {
  const fields = head.subarray(0, head.length - checkBytes)
  return createHash('sha256').update(before).update(fields).update(subject).update(data).digest()
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

// A chain of another size would be cut off or padded without a word.
if (segmentHeader.at.startChain + chainBytes !== segmentHeader.size)
  throw new Error('a segment header does not end with its chain')
