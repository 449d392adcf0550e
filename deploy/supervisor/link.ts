import type { LeafEnd } from '../natsConfig.ts'
import { startToxiproxy, type ToxiproxyProcess } from '../toxiproxy.ts'
import { KeptServer } from './keptServer.ts'
import { StartsUnderWay } from './startsUnderWay.ts'

/** Name of the link between the regions at the proxy: `upstream` is from b to a. */
export const linkName = 'leaf'

/** The one link between two regions; by default through a proxy that stands for the distance and can cut it. */
export class Link {
  readonly ends: { a: LeafEnd; b: LeafEnd }
  /** Of the proxy; empty without one. */
  readonly apiUrl: string = ''
  readonly #starts = new StartsUnderWay()
  readonly #proxy: KeptServer<ToxiproxyProcess> | undefined

  constructor(
    dir: string,
    password: string,
    kind: 'proxied' | 'direct',
    ports: { leaf: number; proxy: number; api: number },
  ) {
    const leaf = { user: 'leaf-b', password }
    this.ends = {
      a: { ...leaf, listenPort: ports.leaf },
      b: { ...leaf, dialUrl: `nats-leaf://127.0.0.1:${kind === 'proxied' ? ports.proxy : ports.leaf}` },
    }
    if (kind === 'direct') return
    this.apiUrl = `http://127.0.0.1:${ports.api}`
    const links = [{ name: linkName, listen: `127.0.0.1:${ports.proxy}`, upstream: `127.0.0.1:${ports.leaf}` }]
    const start = () => this.#starts.track(startToxiproxy({ dir, links, port: ports.api }))
    this.#proxy = new KeptServer({ name: 'toxiproxy', start })
  }

  async start(): Promise<void> {
    await this.#proxy?.start()
  }

  pids(): Record<string, number> {
    return this.#proxy?.pid === undefined ? {} : { toxiproxy: this.#proxy.pid }
  }

  async stop(): Promise<void> {
    await this.#starts.ended()
    await this.#proxy?.stop()
  }

  kill(): void {
    this.#proxy?.kill()
  }
}
