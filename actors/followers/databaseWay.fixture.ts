import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** The way to a database, which can be closed, or lead elsewhere without a word. */
export class DatabaseWay {
  readonly #far: URL
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  constructor(databaseUrl: string) {
    this.#far = new URL(databaseUrl)
  }

  get url(): string {
    const through = new URL(this.#far)
    through.port = String(this.#port)
    return through.href
  }

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect(Number(this.#far.port), '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Connections that are open stay so and carry nothing any more, as when a server's address goes to another. */
  leaveSilent(): void {
    for (const socket of this.#sockets) socket.unpipe().pause()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
    await closed
  }
}
