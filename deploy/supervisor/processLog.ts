import { type FileHandle, open, rename } from 'node:fs/promises'

const fileBytesMax = 32 * 1024 * 1024
/** What a process may say while the disk takes nothing. */
const waitingBytesMax = 1024 * 1024

/**
 * What a process says, in a file that is kept within bounds: when it is full it becomes `FILE.1`. A disk that takes
 * nothing costs lines, and those are counted in the file; it must neither end the supervisor nor fill its memory.
 */
export class ProcessLog {
  readonly #file: string
  readonly #bytesMax: number
  #handle: FileHandle | undefined
  #fileBytes = 0
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #lostBytes = 0
  #writing: Promise<void> | undefined

  constructor(file: string, bytesMax = fileBytesMax) {
    this.#file = file
    this.#bytesMax = bytesMax
  }

  write(said: Buffer | string): void {
    const bytes = Buffer.from(said)
    if (this.#waitingBytes + bytes.length > waitingBytesMax) {
      this.#lostBytes += bytes.length
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lot = Buffer.concat(this.#waiting)
      this.#waiting = []
      try {
        await this.#append(lot)
      } catch {
        this.#lostBytes += lot.length
        await this.#closeFile()
      }
      this.#waitingBytes -= lot.length
    }
  }

  async #append(lot: Buffer): Promise<void> {
    const handle = await this.#openFile()
    const lostBytes = this.#lostBytes
    const lost = lostBytes === 0 ? '' : `{"supervisor":"${lostBytes} bytes are missing about here"}\n`
    const text = Buffer.concat([Buffer.from(lost), lot])
    await handle.appendFile(text)
    this.#fileBytes += text.length
    this.#lostBytes -= lostBytes
  }

  async #openFile(): Promise<FileHandle> {
    if (this.#handle !== undefined && this.#fileBytes >= this.#bytesMax) await this.#closeFile()
    if (this.#handle !== undefined) return this.#handle
    this.#handle = await open(this.#file, 'a', 0o600)
    this.#fileBytes = (await this.#handle.stat()).size
    if (this.#fileBytes < this.#bytesMax) return this.#handle
    await this.#closeFile()
    await rename(this.#file, `${this.#file}.1`)
    this.#handle = await open(this.#file, 'a', 0o600)
    this.#fileBytes = 0
    return this.#handle
  }

  async #closeFile(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => undefined)
  }

  /** Resolves when all that was said is in the file, or lost. */
  async close(): Promise<void> {
    await this.#writing
    await this.#closeFile()
  }
}
