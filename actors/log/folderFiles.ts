import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode, syncFolder } from './durableFile.ts'

/** What one write takes; Linux takes no more pieces than that. */
const piecesPerWriteMax = 1_024
const bytesPerWrite = 1_048_576

/**
 * Puts a new file into a folder, of which only its user can read either. After a crash it is there, whole and synced, or
 * it is not.
 * @param pieces that must not change once they are handed over
 * @returns its bytes
 */
export async function putFile(
  dir: string,
  name: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, name)
  const partial = `${file}.partial`
  const handle = await open(partial, 'w', 0o600)
  let bytes: number
  try {
    bytes = await writeAll(handle, pieces)
    await handle.sync()
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(partial, file)
  syncFolder(dir)
  return bytes
}

/** Pieces go out as they are: to put them together first would need that much new memory, for each file again. */
async function writeAll(handle: FileHandle, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
  let [lot, lotBytes, written]: [Uint8Array[], number, number] = [[], 0, 0]
  for await (const piece of pieces) {
    lot.push(piece)
    lotBytes += piece.length
    if (lot.length < piecesPerWriteMax && lotBytes < bytesPerWrite) continue
    written += await writeLot(handle, lot, lotBytes)
    ;[lot, lotBytes] = [[], 0]
  }
  return written + (await writeLot(handle, lot, lotBytes))
}

async function writeLot(handle: FileHandle, lot: readonly Uint8Array[], bytes: number): Promise<number> {
  if (bytes === 0) return 0
  const { bytesWritten } = await handle.writev(lot)
  if (bytesWritten === bytes) return bytes
  // The system took a part and no more: what is left goes again, to be written or to say why it cannot be.
  const left = Buffer.concat(lot).subarray(bytesWritten)
  for (let at = 0; at < left.length; ) at += (await handle.write(left, at)).bytesWritten
  return bytes
}

/** What a folder holds; nothing when it is not there. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}
