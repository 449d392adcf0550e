import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Blobs, blobOverheadBytes } from './blobs.ts'
import { type ByteReader, readBytes } from './byteReader.ts'
import { chainBytes } from './chain.ts'
import { SealError } from './sealError.ts'
import {
  bytesOf,
  placeSections,
  type Snapshot,
  type SnapshotContents,
  SnapshotError,
  type SnapshotManifest,
  snapshotFormatVersion,
} from './snapshot.ts'

/** Bytes sealed at a time: enough for full speed, little enough that nobody waits for one of them. */
const chunkBytes = 1024 * 1024
/** "JZS1" read as a little-endian number. */
const snapshotMagic = 0x31535a4a
const preambleBytes = 16
const manifestBytesMax = 1024 * 1024

const manifestText = z.strictObject({
  formatVersion: z.literal(snapshotFormatVersion),
  region: z.string(),
  shard: z.int().min(0),
  epoch: z.int().min(0),
  seq: z.int().min(0),
  chain: z.hex().length(chainBytes * 2),
  digest: z.string(),
  createdMs: z.int().min(0),
  sections: z.array(z.strictObject({ name: z.string(), bytes: z.int().min(0) })),
  /** Drawn anew for each snapshot: chunks of two snapshots of the same position can't be mixed. */
  id: z.uuid(),
})

type ManifestText = z.infer<typeof manifestText>

/** What a manifest is bound to: a snapshot that was renamed or moved to another shard does not open. */
export type SnapshotPlace = {
  readonly region: string
  readonly shard: number
  readonly epoch: number
  readonly seq: number
}

export function placeText({ region, shard, epoch, seq }: SnapshotPlace): string {
  return `region ${region} shard ${shard} epoch ${epoch} seq ${seq}`
}

/**
 * Seals a snapshot, piece by piece: a preamble in clear, the manifest, then the sections in chunks. The sections must
 * not change until the last piece is taken.
 */
export async function* sealSnapshot(blobs: Blobs, contents: SnapshotContents): AsyncGenerator<Uint8Array> {
  const { sections, chain, ...rest } = contents
  const manifest: ManifestText = {
    ...rest,
    formatVersion: snapshotFormatVersion,
    chain: Buffer.from(chain).toString('hex'),
    sections: sections.map(({ name, parts }) => ({ name, bytes: bytesOf(parts) })),
    id: randomUUID(),
  }
  const sealed = blobs.sealBlob('snapshot', Buffer.from(JSON.stringify(manifest)), manifestBinding(contents))
  const preamble = new Uint8Array(preambleBytes)
  const view = new DataView(preamble.buffer)
  view.setUint32(0, snapshotMagic, true)
  view.setUint32(4, snapshotFormatVersion, true)
  view.setUint32(8, sealed.length, true)
  yield preamble
  yield sealed
  const { offsets, total } = placeSections(manifest.sections)
  const placed = sections.flatMap(({ parts }, index) => placeParts(parts, offsets[index]!))
  // One for all: memory that is new to the process costs more than what is copied into it.
  const buffer = new Uint8Array(Math.min(chunkBytes, total))
  let next = 0
  for (let start = 0; start < total; start += chunkBytes) {
    const chunk = buffer.subarray(0, Math.min(chunkBytes, total - start)).fill(0)
    const end = start + chunk.length
    for (let n = next; n < placed.length && placed[n]!.start < end; n++) {
      copyOverlap(placed[n]!.part, placed[n]!.start, chunk, start)
      // Parts lie one behind the other: what ends in this chunk is not looked at again.
      if (placed[n]!.start + placed[n]!.part.length <= end) next = n + 1
    }
    yield await blobs.sealBlobMaybe('snapshot', chunk, chunkBinding(manifest, start, total))
  }
}

/**
 * Opens what `sealSnapshot` made.
 * @param name shown in errors
 * @throws SnapshotError when it is not whole, was changed, belongs elsewhere or is of another format.
 */
export async function openSnapshot(
  blobs: Blobs,
  name: string,
  place: SnapshotPlace,
  source: AsyncIterable<Uint8Array>,
): Promise<Snapshot> {
  const reader = readBytes(source)
  try {
    return await open(blobs, name, place, reader)
  } catch (error) {
    if (error instanceof SnapshotError) throw error
    const what = error instanceof SealError ? error.message : `it cannot be read: ${(error as Error).message}`
    throw new SnapshotError('damaged', name, what, { cause: error })
  } finally {
    await reader.close()
  }
}

async function open(blobs: Blobs, name: string, place: SnapshotPlace, reader: ByteReader): Promise<Snapshot> {
  const preamble = await reader.take(preambleBytes)
  const view = new DataView(preamble.buffer, preamble.byteOffset, preambleBytes)
  if (view.getUint32(0, true) !== snapshotMagic) throw new SnapshotError('damaged', name, 'it does not begin with JZS1')
  const version = view.getUint32(4, true)
  if (version !== snapshotFormatVersion) {
    throw new SnapshotError('version', name, `its format is ${version}, this program reads ${snapshotFormatVersion}`)
  }
  const manifestBytes = view.getUint32(8, true)
  if (manifestBytes > manifestBytesMax) throw new SnapshotError('damaged', name, 'its manifest has no possible length')
  const sealed = await reader.take(manifestBytes)
  const text = manifestText.parse(
    JSON.parse(Buffer.from(blobs.openBlob('snapshot', sealed, manifestBinding(place))).toString()),
  )
  const { offsets, total } = placeSections(text.sections)
  const whole = new Uint8Array(total)
  for (let start = 0; start < total; start += chunkBytes) {
    const blob = await reader.take(Math.min(chunkBytes, total - start) + blobOverheadBytes)
    whole.set(await blobs.openBlobMaybe('snapshot', blob, chunkBinding(text, start, total)), start)
  }
  if (!(await reader.ended())) throw new SnapshotError('damaged', name, 'there is more behind its end')
  const { id: _, chain, ...rest } = text
  const manifest: SnapshotManifest = { ...rest, chain: new Uint8Array(Buffer.from(chain, 'hex')) }
  const sections = text.sections.map((section, index) => {
    const offset = offsets[index]!
    return { name: section.name, bytes: whole.subarray(offset, offset + section.bytes) }
  })
  return { manifest, sections }
}

function placeParts(parts: readonly Uint8Array[], offset: number): { part: Uint8Array; start: number }[] {
  let start = offset
  return parts.map((part) => {
    const placed = { part, start }
    start += part.length
    return placed
  })
}

/** Copies the part of `source`, which begins at `sourceStart` of the whole, that falls into the chunk at `chunkStart`. */
function copyOverlap(source: Uint8Array, sourceStart: number, chunk: Uint8Array, chunkStart: number): void {
  const from = Math.max(sourceStart, chunkStart)
  const to = Math.min(sourceStart + source.length, chunkStart + chunk.length)
  if (from < to) chunk.set(source.subarray(from - sourceStart, to - sourceStart), from - chunkStart)
}

function manifestBinding(place: SnapshotPlace): string {
  return `snapshot manifest|${placeText(place)}`
}

function chunkBinding(manifest: ManifestText, start: number, total: number): string {
  return `snapshot chunk|${manifest.id}|${start}|${total}`
}
