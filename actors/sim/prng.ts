/**
 * xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32. One root seed is split per component by name, so that
 * a draw more in one place does not change what the others draw.
 */
export class Prng {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    let z = this.#seed
    const split = (): number => {
      z = (z + 0x9e3779b9) >>> 0
      let x = z
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
      return (x ^ (x >>> 15)) >>> 0
    }
    this.#a = split()
    this.#b = split()
    this.#c = split()
    this.#d = split()
  }

  /** A stream of its own for a component. Depends on the seed and the name alone, not on what was drawn before. */
  fork(name: string): Prng {
    let h = 0x811c9dc5 ^ this.#seed
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
    return new Prng(h ^ (h >>> 15))
  }

  /** 32 random bits. */
  bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = rotate(this.#d, 11)
    return result
  }

  /** In [0, 1). */
  unit(): number {
    return this.bits() / 4_294_967_296
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.unit() * choices.length)]!
  }

  /**
   * Whole milliseconds around a mean with a long tail: mostly short, now and then eight times as long. Made of products
   * alone, since logarithms differ between engines.
   */
  delayMs(meanMs: number): number {
    const u = this.unit()
    const tail = this.unit() < 0.06 ? 8 : 1
    return Math.floor(meanMs * tail * (0.2 + 1.2 * u * u + 0.4 * u))
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.bits() >>> 24
    return out
  }
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))
