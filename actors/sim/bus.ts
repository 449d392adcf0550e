import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Faults } from './swarm.ts'

type Reply = (message: Uint8Array) => void
type Handler = (message: Uint8Array, reply: Reply) => void
type Subscription = { process: SimProcess; handler: Handler; active: boolean }

/** Nobody listened, or nobody's answer came in time. */
export class NoReply extends Error {
  readonly why: 'none' | 'timeout'

  constructor(why: NoReply['why']) {
    super(`no reply: ${why}`)
    this.name = 'NoReply'
    this.why = why
  }
}

/** Messages between processes as core NATS carries them: unordered here, late, twice or not at all. */
export class Bus {
  faults: Faults['net']
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #subscriptions = new Map<string, Subscription[]>()

  constructor(faults: Faults['net'], prng: Prng, chronicle: Chronicle) {
    this.faults = faults
    this.#prng = prng
    this.#chronicle = chronicle
  }

  subscribe(process: SimProcess, subject: string, handler: Handler): () => void {
    const subscription = { process, handler, active: true }
    const all = this.#subscriptions.get(subject) ?? []
    all.push(subscription)
    this.#subscriptions.set(subject, all)
    const end = (): void => {
      subscription.active = false
      const at = all.indexOf(subscription)
      if (at >= 0) all.splice(at, 1)
    }
    process.onKill(end)
    return end
  }

  publish(from: SimProcess, subject: string, message: Uint8Array, reply: Reply = () => {}): void {
    if (!from.alive) return
    for (const subscription of this.#subscriptions.get(subject) ?? []) this.#send(subscription, message, reply)
  }

  #send({ process, handler, ...rest }: Subscription, message: Uint8Array, reply: Reply, subscription = { ...rest }): void {
    void subscription
    void process
    void handler
    void message
    void reply
  }
}
