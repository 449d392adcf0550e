import type { KeyRing } from '../../actors/log/keyRing.ts'
import { openedText, type SealedUse, sealedText } from '../auth/sealedText.ts'

const uses = {
  session: { purpose: 'console', bound: Buffer.from('jiaozi-console-session-v1') },
  login: { purpose: 'console', bound: Buffer.from('jiaozi-console-login-v1') },
} as const satisfies Readonly<Record<string, SealedUse>>

/** As much as browsers keep of a cookie. */
const lengthMax = 4_096

/**
 * What a browser keeps for us, sealed under a key of the ring: every edge that has the ring can read it, and nobody
 * else can make, change or read one. So an edge remembers nothing of who is logged in.
 */
export class SealedCookies {
  readonly #ring: KeyRing

  constructor(ring: KeyRing) {
    this.#ring = ring
  }

  seal(use: keyof typeof uses, content: object): string {
    return sealedText(this.#ring, uses[use], Buffer.from(JSON.stringify(content)))
  }

  /** Undefined for what no edge with this ring has sealed for this use. Whether its time is over is not judged. */
  open(use: keyof typeof uses, value: string | undefined): unknown {
    if (value === undefined || value.length > lengthMax) return undefined
    const plain = openedText(this.#ring, uses[use], value)
    return plain === undefined ? undefined : JSON.parse(plain.toString())
  }
}
