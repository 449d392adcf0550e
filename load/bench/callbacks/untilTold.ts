import { setTimeout as sleep } from 'node:timers/promises'
import type { ShopBook, Told } from './shopBook.ts'

const toldPollMs = 100

/** What a shop knows of its orders, and what it was told of them. */
export type Hearer = { readonly server: { readonly book: ShopBook; readonly taken: ReadonlyMap<string, Told> } }

/** Callbacks that shops have not been told yet, of what was paid and refunded. */
export function untoldOf(shops: readonly Hearer[]): number {
  return shops.reduce((sum, { server: { book } }) => sum + book.expected - book.delivered, 0)
}

/**
 * Waits until every shop was told of everything, and lets them judge what they were told.
 * @returns how long that took
 * @throws Error when something is missing or wrong: a payment that nobody is told of is none
 */
export async function untilTold(
  shops: readonly Hearer[],
  withinMs: number,
  say: (line: string) => void,
): Promise<number> {
  const beganMs = performance.now()
  for (let untold = untoldOf(shops); untold > 0; untold = untoldOf(shops)) {
    if (performance.now() - beganMs > withinMs)
      throw new Error(`${untold} callbacks did not come within ${withinMs} ms`)
    say(`callbacks to come: ${untold}`)
    await sleep(toldPollMs)
  }
  const tookMs = performance.now() - beganMs
  for (const { server } of shops) server.book.settle(server.taken)
  const [wrong] = shops.flatMap(({ server }) => server.book.wrong)
  if (wrong !== undefined) throw new Error(`a shop was told something wrong: ${wrong}`)
  return tookMs
}
