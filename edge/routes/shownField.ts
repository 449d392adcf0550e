import { z } from '@hono/zod-openapi'

/** Shown to people: no control characters, and no blanks at the ends. */
const shownPattern = /^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u

export const shownField = (most: number) => z.string().max(most).regex(shownPattern, 'must be a line of text')
