import { connect, type TLSSocket } from 'node:tls'

export type EdgeAddress = { readonly host: string; readonly port: number; readonly ca: Buffer }

/** What came back: undefined when the connection broke or the time ran out, so that nothing is known. */
export type RawAnswer = { readonly status: number; readonly retryAfterS: number; readonly body: string } | undefined

const headEnd = Buffer.from('\r\n\r\n')
const lengthPattern = /\r\ncontent-length: *(\d+)/i
const retryAfterPattern = /\r\nretry-after: *(\d+)/i

/**
 * A kept TLS connection with one request on its way at a time. It writes bytes that were made ahead and reads no more of
 * HTTP than an answer with a length needs, since the generator shares its cores with what it measures.
 */
export class KeptConnection {
  readonly #address: EdgeAddress
  #socket: TLSSocket | undefined
  #ready = false
  #received: Buffer | undefined
  #request: Uint8Array | undefined
  #onAnswer: ((answer: RawAnswer) => void) | undefined
  #sentMs = 0

  constructor(address: EdgeAddress) {
    this.#address = address
  }

  send(request: Uint8Array, onAnswer: (answer: RawAnswer) => void): void {
    if (this.#onAnswer !== undefined) throw new Error('a request is on its way on this connection')
    this.#request = request
    this.#onAnswer = onAnswer
    this.#sentMs = performance.now()
    if (this.#ready) this.#socket!.write(request)
    else if (this.#socket === undefined) this.#open()
  }

  /** Gives a request up that has been on its way for too long. */
  expire(nowMs: number, timeoutMs: number): void {
    if (this.#onAnswer !== undefined && nowMs - this.#sentMs > timeoutMs) this.#socket?.destroy()
  }

  close(): void {
    this.#onAnswer = undefined
    this.#socket?.destroy()
  }

  #open(): void {
    const { host, port, ca } = this.#address
    const socket = connect({ host, port, ca, minVersion: 'TLSv1.3' }, () => {
      this.#ready = true
      if (this.#request !== undefined) socket.write(this.#request)
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#ready = false
      this.#socket = undefined
      this.#received = undefined
      this.#settle(undefined)
    })
    this.#socket = socket
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf(headEnd)
    if (end === -1) return
    const head = this.#received.toString('latin1', 0, end)
    const length = lengthPattern.exec(head)
    const bodyAt = end + headEnd.length
    if (length === null) {
      this.#socket?.destroy(new Error('an answer came without its length'))
      return
    }
    if (this.#received.length < bodyAt + Number(length[1])) return
    const body = this.#received.toString('latin1', bodyAt)
    this.#received = undefined
    const status = Number(head.slice(9, 12))
    this.#settle({ status, retryAfterS: Number(retryAfterPattern.exec(head)?.[1] ?? 0), body })
  }

  #settle(answer: RawAnswer): void {
    const onAnswer = this.#onAnswer
    this.#onAnswer = undefined
    this.#request = undefined
    onAnswer?.(answer)
  }
}
