import { createWriteStream, type WriteStream } from 'node:fs'
import type { Answer, Payment } from './payment.ts'

/**
 * Each payment and each answer as a line of JSON, written as it happens: what a customer was told outlives the drill that
 * asked, whatever becomes of it.
 */
export class RecordFile {
  readonly #stream: WriteStream | undefined
  #failure: Error | undefined

  /** @param file none: nothing is kept but what is in memory */
  constructor(file: string | undefined) {
    this.#stream = file === undefined ? undefined : createWriteStream(file, { flags: 'a', mode: 0o600 })
    this.#stream?.on('error', (error) => {
      this.#failure ??= error
    })
  }

  sent({ answers: _, ...payment }: Payment): void {
    this.#stream?.write(`${JSON.stringify({ type: 'sent', ...payment })}\n`)
  }

  answered({ id }: Payment, answer: Answer): void {
    this.#stream?.write(`${JSON.stringify({ type: 'answered', id, ...answer })}\n`)
  }

  /** @throws Error when a line could not be written */
  async close(): Promise<void> {
    const stream = this.#stream
    if (stream !== undefined && !stream.destroyed) await new Promise<void>((done) => stream.end(done))
    if (this.#failure !== undefined) throw new Error(`the record of answers is not whole: ${this.#failure.message}`)
  }
}
