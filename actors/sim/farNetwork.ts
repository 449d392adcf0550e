import { CallFault } from '../connectors/signedCall.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Faults } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'

/** The way to a bank: requests and answers may be lost, late or doubled, and a bank may think for long. */
export class FarNetwork {
  faults: Faults['far']
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #chronicle: Chronicle

  constructor(faults: Faults['far'], time: VirtualTime, prng: Prng, chronicle: Chronicle) {
    this.faults = faults
    this.#time = time
    this.#prng = prng
    this.#chronicle = chronicle
  }

  /** Whether a fault of this kind strikes now. */
  strikes(kind: 'processing'): boolean {
    return this.#draw(kind, this.faults[kind])
  }

  #draw(kind: string, probability: number): boolean {
    if (!this.#prng.chance(probability)) return false
    this.#chronicle.tell(`far.${kind}`)
    return true
  }

  /**
   * One call. `work` runs at the far side, perhaps twice, perhaps after the caller has given up; it is told the reason
   * when it must refuse, which only what may be refused is.
   * @throws CallFault when no answer came in time
   */
  call<T>(
    from: SimProcess,
    refusable: boolean,
    timeoutMs: number,
    work: (refuse: string | undefined) => Promise<T>,
  ): Promise<T> {
    const { loseRequest, loseAnswer, late, slow, duplicate, refuse } = this.faults
    const draw = (kind: string, probability: number): boolean => this.#draw(kind, probability)
    return from.promise((resolve, reject) => {
      this.#time.after(timeoutMs, () => reject(new CallFault('timeout', 'no answer came in time')))
      if (draw('requestLost', loseRequest)) return
      const reason = refusable && draw('refused', refuse / 4) ? 'REFUSED_BY_FAULT' : undefined
      const thinksMs = draw('slow', slow) ? this.#prng.between(500, 5_000) : this.#prng.between(1, 20)
      if (draw('requestTwice', duplicate)) {
        this.#time.after(thinksMs + this.#prng.between(0, 3_000), () => void work(reason).catch(() => undefined))
      }
      this.#time.after(thinksMs, () => {
        work(reason).then((answer) => {
          if (draw('answerLost', loseAnswer)) return
          const delayMs = draw('answerLate', late) ? this.#prng.between(500, 5_000) : this.#prng.between(1, 20)
          this.#time.after(delayMs, () => resolve(answer))
        }, reject)
      })
    })
  }
}
