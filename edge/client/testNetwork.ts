import type { TestApi } from '../routes/testApi.ts'
import type { World } from './attempts.ts'

/** A network whose next answers a test decides; what it says nothing about goes through to the API. */
export class TestNetwork {
  /** What happens to the next requests, in turns: the request is lost, its answer is, or this is answered instead. */
  readonly fates: ('request lost' | 'answer lost' | (() => Response))[] = []
  readonly asked: { method: string; url: string; body: string; headers: Headers }[] = []
  readonly #api: TestApi

  constructor(api: TestApi) {
    this.#api = api
  }

  readonly fetch: typeof fetch = async (url, init = {}) => {
    const body = init.body === undefined ? '' : Buffer.from(init.body as Uint8Array).toString()
    this.asked.push({ method: init.method ?? 'GET', url: String(url), body, headers: new Headers(init.headers) })
    const fate = this.fates.shift()
    if (typeof fate === 'function') return fate()
    if (fate === 'request lost') throw new TypeError('fetch failed')
    const answer = await this.#api.app.request(String(url), init)
    if (fate === 'answer lost') throw new TypeError('fetch failed')
    return answer
  }
}

/** Time that stands still but for whoever waits: then it goes to the earliest end of waiting. */
export class TestTime implements World {
  readonly waits: number[] = []
  #nowMs = 0
  #timers: { atMs: number; work: () => void }[] = []
  readonly #random: () => number

  constructor(random: () => number = () => 0.5) {
    this.#random = random
  }

  nowMs = (): number => this.#nowMs
  random = (): number => this.#random()

  after = (delayMs: number, work: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, work }
    this.waits.push(delayMs)
    this.#timers.push(timer)
    setImmediate(() => this.#goOn())
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  #goOn(): void {
    const next = this.#timers.sort((a, b) => a.atMs - b.atMs).shift()
    if (next === undefined) return
    this.#nowMs = next.atMs
    next.work()
  }
}
