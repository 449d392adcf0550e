import { inParallel, type Paid } from './play.ts'
import type { Town } from './town.ts'
import { type Play, yuanOf } from './transfers.ts'

const notesMax = 10

export type Audit = {
  /** Payments that, asked for once more under their id, were answered differently from the first time. */
  contradicted: number
  /** Wallets that do not hold what the answers say they must. */
  unexplained: number
  notes: string[]
}

/**
 * Holds the answers against the region: each payment is asked for once more, and each wallet must hold what it began
 * with, less and plus what was answered. A payment that was executed twice, or never, shows in one of the two.
 */
export async function auditPlay(
  town: Town,
  play: Play,
  paid: readonly Paid[],
  redeemed: ReadonlyMap<number, bigint>,
  width: number,
  onProgress: (what: string, done: number) => void,
): Promise<Audit> {
  const audit: Audit = { contradicted: 0, unexplained: 0, notes: [] }
  let asked = 0
  await inParallel(paid, width, async ({ order, ending }) => {
    const again = await town.pay(order)
    onProgress('asked again', ++asked)
    if (ending.kind === 'unknown' || again.answer === ending.answer) return
    audit.contradicted += 1
    note(audit, `payment ${order.signed.payment_id}: first ${ending.answer}, then ${again.answer}`)
  })
  const expected = expectedBalances(play, paid, redeemed)
  let read = 0
  await inParallel(town.residents, width, async (resident, i) => {
    const fen = BigInt(await town.balance(resident))
    onProgress('balances', ++read)
    if (fen === expected[i]) return
    audit.unexplained += 1
    note(audit, `wallet ${resident.walletId} holds ${yuanOf(fen)}, the answers make it ${yuanOf(expected[i]!)}`)
  })
  return audit
}

function note({ notes }: Audit, text: string): void {
  if (notes.length < notesMax) notes.push(text)
}

/** What each account must hold in the end, by the answers alone. */
export function expectedBalances(play: Play, paid: readonly Paid[], redeemed: ReadonlyMap<number, bigint>): bigint[] {
  const expected = play.accounts.map(({ initialFen }, i) => BigInt(initialFen) - (redeemed.get(i) ?? 0n))
  for (const { order, ending } of paid) {
    if (ending.kind !== 'completed') continue
    expected[order.payer]! -= BigInt(order.fen)
    expected[order.payee]! += BigInt(order.fen)
  }
  return expected
}
