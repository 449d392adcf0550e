import { type Ending, effectsOf, type History, type Movement, type Place, type Read } from './history.ts'

export type Violation = { law: string; detail: string }

/**
 * Judges a history. It knows nothing of how the system works, only what was asked, answered and read:
 *
 * 1. Every movement's outcome is known in the end, and asked for again under its id it is answered the same.
 * 2. A read lies within what real time allows: what had ended before it began is in it, what began after it ended is
 *    not, and what was under way may be or not. A payment's debit is exact: its place in the log says whether a read at
 *    a later place must show it. No read shows less than nothing.
 * 3. Each shard's log keeps the order of real time: what begins after something has ended stands behind it, and a read
 *    is never older than what was known before it began.
 * 4. In the end each wallet holds exactly what the answers make it, and the journal lists each movement that was done
 *    once, and none that was not.
 */
export function checkHistory(history: History, ending: Ending): Violation[] {
  return [
    ...unanswered(history),
    ...contradicted(history, ending),
    ...readsOutOfBounds(history),
    ...outOfOrder(history),
    ...endingUnexplained(history, ending),
    ...journalUnexplained(history, ending),
  ]
}

function unanswered(history: History): Violation[] {
  return history
    .movements()
    .filter(({ outcome }) => outcome === 'invoked' || outcome === 'unknown')
    .map(({ kind, id }) => ({ law: 'outcome-known', detail: `${kind} ${id} has no outcome in the end` }))
}

function contradicted(history: History, { repeats }: Ending): Violation[] {
  const first = new Map(history.movements().map((movement) => [movement.id, movement]))
  return repeats.flatMap(({ id, answer }) => {
    const movement = first.get(id)
    if (movement === undefined) return [{ law: 'same-answer', detail: `${id} was never asked for` }]
    if (movement.answer === answer) return []
    return [{ law: 'same-answer', detail: `${movement.kind} ${id}: first ${movement.answer}, then ${answer}` }]
  })
}

function readsOutOfBounds(history: History): Violation[] {
  const byWallet = new Map<number, { movement: Movement; fen: number }[]>()
  for (const movement of history.movements()) {
    // Money of a redemption is taken first and given back when the bank does not want it; no other refusal moves any.
    if (movement.outcome === 'refused' && movement.kind !== 'redemption') continue
    for (const { wallet, fen } of effectsOf(movement)) {
      const all = byWallet.get(wallet) ?? []
      all.push({ movement, fen })
      byWallet.set(wallet, all)
    }
  }
  return history.reads().flatMap((read) => {
    if (read.seen === undefined) return []
    const { balanceFen } = read.seen
    let [least, most] = [0, 0]
    for (const { movement, fen } of byWallet.get(read.wallet) ?? []) {
      const shown = isShown(movement, fen, read)
      if (shown !== 'no' && (fen < 0 || shown === 'yes')) least += fen
      if (shown !== 'no' && (fen > 0 || shown === 'yes')) most += fen
    }
    if (balanceFen < 0) return [{ law: 'never-negative', detail: describe(read, 'shows less than nothing') }]
    if (balanceFen >= least && balanceFen <= most) return []
    return [{ law: 'read-in-bounds', detail: describe(read, `lies outside ${least}..${most}`) }]
  })
}

function isShown(movement: Movement, fen: number, read: Read): 'yes' | 'no' | 'maybe' {
  // A debit is done at its place in the log of the wallet's own shard, where the read stands too.
  if (movement.kind === 'payment' && movement.executed !== undefined && fen < 0) {
    if (movement.executed.shard === read.seen!.at.shard) {
      return movement.executed.seq <= read.seen!.at.seq ? 'yes' : 'no'
    }
  }
  if (movement.endedMs < read.invokedMs) return movement.outcome === 'refused' ? 'no' : 'yes'
  return movement.invokedMs > read.endedMs ? 'no' : 'maybe'
}

const describe = ({ wallet, seen }: Read, what: string): string =>
  `wallet ${wallet} at ${seen!.at.shard}/${seen!.at.seq}: ${seen!.balanceFen} fen ${what}`

type Moment = { atMs: number; begins: boolean; write: boolean; place: Place; what: string; key: number }

/** One sweep over the moments at which operations begin and end, shard by shard. */
function outOfOrder(history: History): Violation[] {
  const moments: Moment[] = []
  for (const operation of history.operations) {
    if (operation.outcome !== 'ok' || (operation.kind !== 'payment' && operation.kind !== 'read')) continue
    const place = operation.kind === 'payment' ? operation.executed : operation.seen?.at
    if (place === undefined) continue
    const write = operation.kind === 'payment'
    const what = write ? `payment ${operation.id}` : `read of wallet ${operation.wallet}`
    const common = { write, place, what, key: operation.index }
    moments.push({ ...common, atMs: operation.invokedMs, begins: true })
    moments.push({ ...common, atMs: operation.endedMs, begins: false })
  }
  // What begins in the very moment in which another ends is taken as begun before: no order can be told.
  moments.sort((a, b) => a.atMs - b.atMs || Number(b.begins) - Number(a.begins))
  const known = new Map<number, number>()
  const knownAtBegin = new Map<number, number>()
  const found: Violation[] = []
  for (const { begins, write, place, what, key } of moments) {
    const last = known.get(place.shard) ?? 0
    if (begins) {
      knownAtBegin.set(key, last)
      continue
    }
    const before = knownAtBegin.get(key)!
    if (write ? place.seq <= before : place.seq < before) {
      const detail = `${what} stands at ${place.shard}/${place.seq}, and ${before} was known before it began`
      found.push({ law: 'real-time-order', detail })
    }
    known.set(place.shard, Math.max(last, place.seq))
  }
  return found
}

function endingUnexplained(history: History, { balancesFen }: Ending): Violation[] {
  const expected = balancesFen.map(() => 0)
  for (const movement of history.movements()) {
    if (movement.outcome !== 'ok') continue
    for (const { wallet, fen } of effectsOf(movement)) expected[wallet]! += fen
  }
  return balancesFen.flatMap((fen, wallet) => {
    if (fen === expected[wallet]) return []
    const detail = `wallet ${wallet} holds ${fen} fen in the end, the answers make it ${expected[wallet]}`
    return [{ law: 'ending-explained', detail }]
  })
}

function journalUnexplained(history: History, { entries }: Ending): Violation[] {
  const movements = history.movements()
  return entries.flatMap((listed, wallet) => {
    const byId = Map.groupBy(listed, ({ id }) => id)
    const found: Violation[] = []
    for (const movement of movements) {
      const fens = (byId.get(movement.id) ?? []).map(({ fen }) => fen)
      byId.delete(movement.id)
      const due = effectsOf(movement).find((effect) => effect.wallet === wallet)
      if (isListedRightly(movement, due?.fen, fens)) continue
      const what = `${movement.kind} ${movement.id}, which was ${movement.outcome}, with [${fens}]`
      found.push({ law: 'journal-complete', detail: `wallet ${wallet} lists ${what}` })
    }
    for (const id of byId.keys()) {
      found.push({ law: 'journal-complete', detail: `wallet ${wallet} lists ${id}, which was never asked for` })
    }
    return found
  })
}

function isListedRightly({ kind, outcome }: Movement, due: number | undefined, fens: readonly number[]): boolean {
  if (outcome === 'ok' && due !== undefined) return fens.length === 1 && fens[0] === due
  if (outcome === 'refused' && kind === 'redemption' && fens.length === 2) return fens[0]! + fens[1]! === 0
  return fens.length === 0
}
