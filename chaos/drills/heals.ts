type Heal = { readonly name: string; readonly run: () => Promise<void> }

/** What was done to an installation and must be undone, the newest first, however a drill ends. */
export class Heals {
  readonly #owed: Heal[] = []

  /** @returns undoes it, once */
  owe(name: string, run: () => Promise<void>): () => Promise<void> {
    const heal = { name, run }
    this.#owed.push(heal)
    return () => this.#do(heal)
  }

  async #do(heal: Heal): Promise<void> {
    const at = this.#owed.indexOf(heal)
    if (at === -1) return
    this.#owed.splice(at, 1)
    await heal.run()
  }

  /** @returns what could not be undone, and why */
  async all(): Promise<string[]> {
    const failed: string[] = []
    while (this.#owed.length > 0) {
      const heal = this.#owed.at(-1)!
      await this.#do(heal).catch((error: unknown) => {
        failed.push(`${heal.name} was not undone: ${error instanceof Error ? error.message : error}`)
      })
    }
    return failed
  }
}
