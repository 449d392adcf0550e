import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { verifyWebhook } from '../../../edge/client/webhooks.ts'
import { seededRandom } from '../../demo/transfers.ts'
import { ShopBook, type Told } from './shopBook.ts'

/** How a failing call fails: by an error, a redirect, a broken connection, one in twelve by an answer that never comes. */
const failures = [500, 503, 302, 'break', 500, 503, 302, 'break', 500, 503, 'break', 'silence'] as const

/** A shop that takes callbacks, fails as often as it is told to, and can be down altogether. */
export class ShopServer {
  readonly book: ShopBook
  /** What was taken, by its id. */
  readonly taken = new Map<string, Told>()
  readonly delaysMs: number[] = []
  calls = 0
  refused = 0
  #server: Server
  #port = 0
  readonly #keys: readonly string[]
  readonly #failShare: number
  readonly #random: () => number

  /** @param failShare of its calls, 0 to 1 */
  constructor(walletId: string, keys: readonly string[], failShare: number, seed: number) {
    this.book = new ShopBook(walletId)
    this.#keys = keys
    this.#failShare = failShare
    this.#random = seededRandom(seed)
    this.#server = this.#newServer()
  }

  #newServer(): Server {
    return createServer((request, response) => void this.#hear(request, response).catch(() => response.destroy()))
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const arrivedMs = Date.now()
    this.calls += 1
    if (this.#random() < this.#failShare) {
      this.refused += 1
      this.#fail(response)
      return
    }
    const judged = await verifyWebhook(request.headers, Buffer.concat(chunks), this.#keys)
    if (judged.kind === 'forged') {
      this.book.wrong.push(judged.why)
      response.writeHead(401).end()
      return
    }
    const told = JSON.parse(judged.text) as Told & { timestamp: string }
    this.book.told(judged.id, told)
    if (!this.taken.has(judged.id)) this.delaysMs.push(arrivedMs - Date.parse(told.timestamp))
    this.taken.set(judged.id, told)
    response.writeHead(204).end()
  }

  #fail(response: ServerResponse): void {
    const how = failures[Math.floor(this.#random() * failures.length)]!
    if (how === 'break') response.destroy()
    else if (how === 302) response.writeHead(302, { location: '/elsewhere' }).end()
    else if (how !== 'silence') response.writeHead(how).end('not now')
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return `http://localhost:${this.#port}/callbacks`
  }

  /** Nobody listens on its port until it opens again. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
    this.#server = this.#newServer()
  }
}
