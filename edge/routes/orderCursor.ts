import { badField } from './failure.ts'

/** Where a page of orders or holds ended: the place in the log where its last one was made. */
export type OrderCursor = { readonly seq: number; readonly index: number }

const pattern = /^(\d{1,16})\.(\d{1,6})$/

export const cursorText = ({ seq, index }: OrderCursor): string => `${seq}.${index}`

export function orderCursorIn(text: string | undefined): OrderCursor | undefined {
  if (text === undefined) return undefined
  const match = pattern.exec(text)
  if (match === null) throw badField('cursor', 'must be the next_cursor of an earlier page')
  return { seq: Number(match[1]), index: Number(match[2]) }
}
