/** Where in its shard's log something happened that a holder is told of; the shard is the wallet's. */
export type EventPlace = { readonly seq: number; readonly index: number; readonly kind: number }

/** What one listener has been told already. Nothing of a business day before `day` is looked for. */
export type EventCursor = EventPlace & { readonly wallet: number; readonly day: number }

/** Behind everything at one position. */
const lastIndex = 999_999
const lastKind = 999

export function endOfPosition(seq: number): EventPlace {
  return { seq, index: lastIndex, kind: lastKind }
}

export function isBehind(a: EventPlace, b: EventPlace): boolean {
  if (a.seq !== b.seq) return a.seq > b.seq
  return a.index === b.index ? a.kind > b.kind : a.index > b.index
}

export function eventIdText({ seq, index, kind }: EventPlace): string {
  return `${seq}.${index}.${kind}`
}

const pattern = /^(\d{1,16})\.(\d{1,6})\.(\d{1,3})$/

/** The place that an id names, or undefined when it is none of ours. */
export function parseEventId(text: string): EventPlace | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [seq = 0, index = 0, kind = 0] = match.slice(1).map(Number)
  return Number.isSafeInteger(seq) ? { seq, index, kind } : undefined
}
