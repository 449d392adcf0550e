import type { OpenedFrame, Opener } from '../../log/sealing.ts'

/**
 * Opens frames before the replica is given them. Where opening takes turns of its own (Deno), the shard may change hands
 * meanwhile, or be told to stand still: whether an entry is applied is judged in the turn that applies it.
 */
export class OpenedAhead implements Opener {
  readonly #opener: Opener
  /** Gives what opening came to, or throws it. */
  readonly #opened = new WeakMap<Uint8Array, () => OpenedFrame>()

  constructor(opener: Opener) {
    this.#opener = opener
  }

  /** Resolves once it is known what opening the frame comes to; undefined where nothing needs to be waited for. */
  ahead(frame: Uint8Array): Promise<void> | undefined {
    if (this.#opened.has(frame)) return undefined
    const fails = (error: unknown): void => {
      this.#opened.set(frame, () => {
        throw error
      })
    }
    try {
      const opened = this.#opener.openMaybe(frame)
      if (opened instanceof Promise) return opened.then((done) => void this.#opened.set(frame, () => done), fails)
      this.#opened.set(frame, () => opened)
    } catch (error) {
      fails(error)
    }
    return undefined
  }

  open(frame: Uint8Array): OpenedFrame {
    return this.#opener.open(frame)
  }

  openMaybe(frame: Uint8Array): OpenedFrame | Promise<OpenedFrame> {
    const opened = this.#opened.get(frame)
    if (opened === undefined) return this.#opener.openMaybe(frame)
    this.#opened.delete(frame)
    return opened()
  }
}
