import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Holdable } from './region.ts'

/**
 * By it a drill takes parts of the installation down and lets them go: whoever kills a process alone finds it started
 * again. `POST /hold/region/a`, `POST /release/server/b`, `POST /hold/witness`, `POST /hold/process/a/worker-0`; the
 * answer comes once it is down, or under way again. It listens on loopback, for those who can read its word in `run`.
 */
export class HoldServer {
  readonly #partOf: (target: string) => Holdable | undefined
  readonly #trouble: (line: string) => void
  readonly #token = randomBytes(24).toString('base64url')
  readonly #server: Server

  constructor(partOf: (target: string) => Holdable | undefined, trouble: (line: string) => void) {
    this.#partOf = partOf
    this.#trouble = trouble
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  get access(): { url: string; token: string } {
    const { port } = this.#server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, token: this.#token }
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`)
    }
    request.resume()
    if (!this.#knows(request.headers.authorization)) return say(401, 'the word in the run folder is needed')
    const [, verb, target] = /^\/(hold|release)\/(.+)$/.exec(request.url ?? '') ?? []
    if (request.method !== 'POST' || target === undefined) return say(404, 'POST /hold/… or /release/…')
    try {
      const part = this.#partOf(target)
      if (part === undefined) return say(404, `there is no ${target}`)
      await (verb === 'hold' ? part.hold() : part.release())
      this.#trouble(`${target}: ${verb === 'hold' ? 'held down' : 'let go'}`)
      say(200, verb === 'hold' ? 'down' : 'under way')
    } catch (error) {
      say(409, (error as Error).message)
    }
  }

  #knows(authorization: string | undefined): boolean {
    const [given, wanted] = [authorization ?? '', `Bearer ${this.#token}`].map((text) => Buffer.from(text))
    return given!.length === wanted!.length && timingSafeEqual(given!, wanted!)
  }
}
