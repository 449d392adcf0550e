import { Carrier } from './carrier.ts'
import { FrameSender, type FrameSenderOptions } from './frameSender.ts'
import type { HostPorts } from './ports.ts'

/** The carriers of a process, one for each destination: its leaders share them, and with them the frames that they send. */
export class Carriers {
  readonly #options: FrameSenderOptions & { ports: HostPorts }
  readonly #frames: FrameSender
  readonly #byDestination = new Map<number, Carrier>()
  #pumping = false

  constructor(options: FrameSenderOptions & { ports: HostPorts }) {
    this.#options = options
    this.#frames = new FrameSender(options)
  }

  to(destination: number): Carrier {
    let carrier = this.#byDestination.get(destination)
    if (carrier === undefined) {
      carrier = new Carrier(destination, { ...this.#options, frames: this.#frames })
      this.#byDestination.set(destination, carrier)
    }
    return carrier
  }

  /** Entries that came together from the logs are applied in one turn: what they owe another shard shares a frame. */
  pumpSoon(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      for (const carrier of this.#byDestination.values()) carrier.pump()
    })
  }
}
