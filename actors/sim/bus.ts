import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Links } from './site.ts'
import type { Faults } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'

type Reply = (message: Uint8Array) => void
type Handler = (message: Uint8Array, reply: Reply) => void
type Subscription = { process: SimProcess; handler: Handler; active: boolean; latestMs: number }

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
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #links: Links
  readonly #patterns = new Map<string, string[]>()
  readonly #subscriptions = new Map<string, Subscription[]>()

  constructor(faults: Faults['net'], time: VirtualTime, prng: Prng, chronicle: Chronicle, links: Links) {
    this.#links = links
    this.faults = faults
    this.#time = time
    this.#prng = prng
    this.#chronicle = chronicle
  }

  /** @param subject each `*` in it stands for any one token. */
  subscribe(process: SimProcess, subject: string, handler: Handler): () => void {
    const subscription = { process, handler, active: true, latestMs: 0 }
    const all = this.#subscriptions.get(subject) ?? []
    all.push(subscription)
    this.#subscriptions.set(subject, all)
    if (subject.includes('*')) this.#patterns.set(subject, subject.split('.'))
    const end = (): void => {
      subscription.active = false
      const at = all.indexOf(subscription)
      if (at >= 0) all.splice(at, 1)
    }
    process.onKill(end)
    return end
  }

  #listeners(subject: string): Subscription[] {
    const found = [...(this.#subscriptions.get(subject) ?? [])]
    const tokens = subject.split('.')
    for (const [pattern, wanted] of this.#patterns) {
      if (wanted.length !== tokens.length) continue
      if (wanted.every((token, at) => token === '*' || token === tokens[at])) {
        found.push(...this.#subscriptions.get(pattern)!)
      }
    }
    return found
  }

  publish(from: SimProcess, subject: string, message: Uint8Array, reply: Reply = () => {}): void {
    if (!from.alive) return
    for (const listener of this.#listeners(subject)) this.#send(from, listener, message.slice(), reply)
  }

  /**
   * Asks whoever listens; the first answer counts.
   * @throws NoReply (as a rejection)
   */
  request(from: SimProcess, subject: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return from.promise((resolve, reject) => {
      if (this.#listeners(subject).length === 0) {
        this.#time.after(this.#delayMs(), () => reject(new NoReply('none')))
        return
      }
      const cancel = this.#time.after(timeoutMs, () => reject(new NoReply('timeout')))
      const answer = (bytes: Uint8Array): void => {
        if (this.#loses(from)) return
        this.#time.after(this.#delayMs(), () => {
          cancel()
          resolve(bytes)
        })
      }
      this.publish(from, subject, message, answer)
    })
  }

  #send(from: SimProcess, listener: Subscription, message: Uint8Array, reply: Reply): void {
    const { process, handler } = listener
    if (this.#loses(from) || process.cutOff || !this.#links.pass(from, process)) return
    const answer: Reply = (bytes) => {
      if (this.#links.pass(process, from)) reply(bytes)
    }
    const twice = this.#prng.chance(this.faults.duplicate)
    if (twice) this.#chronicle.tell('net.duplicated')
    for (let copies = twice ? 2 : 1; copies > 0; copies--) {
      const delayMs = this.#delayMs() + this.#links.addedMs(from, process)
      const arrivesMs = this.#time.nowMs + delayMs
      if (arrivesMs < listener.latestMs) this.#chronicle.tell('net.reordered')
      listener.latestMs = Math.max(listener.latestMs, arrivesMs)
      const arrive = (): void => {
        if (listener.active) handler(message, answer)
      }
      this.#time.after(delayMs, () => process.do(arrive))
    }
  }

  #loses(from: SimProcess): boolean {
    if (from.cutOff) return true
    if (!this.#prng.chance(this.faults.loss)) return false
    this.#chronicle.tell('net.lost')
    return true
  }

  #delayMs(): number {
    return 1 + this.#prng.delayMs(this.faults.delayMs)
  }
}
