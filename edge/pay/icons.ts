import { raw } from 'hono/html'

const icon = (paths: string, more = '') =>
  raw(
    `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"${more}>${paths}</svg>`,
  )

/** A dumpling, which is what the name means. */
export const brandIcon = icon(
  '<path d="M2.5 14.5C3 9 7 5.5 12 5.5s9 3.5 9.5 9c-2.5 2.6-6 4-9.5 4s-7-1.4-9.5-4Z"/><path d="M7 8.2c.6 1 .8 1.9.7 3M12 5.5v4.2M17 8.2c-.6 1-.8 1.9-.7 3"/>',
)
export const checkIcon = icon('<path d="m5 12.5 4.5 4.5L19 7.5"/>')
export const crossIcon = icon('<path d="m6.5 6.5 11 11m0-11-11 11"/>')
export const clockIcon = icon('<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>')
export const turningIcon = icon('<path d="M20.5 12A8.5 8.5 0 1 1 12 3.5"/>', ' class="turn"')
export const lockIcon = icon(
  '<rect x="5" y="10.5" width="14" height="9.5" rx="2"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>',
)
export const passkeyIcon = icon(
  '<path d="M12 11v2.5c0 2.5-.6 4.7-1.8 6.5M8 20c1-1.9 1.5-4 1.5-6.5V11a2.5 2.5 0 0 1 5 0v2c0 2.4-.4 4.6-1.3 6.5M5.5 17.5c.6-1.5.9-3 .9-4.8V11a5.6 5.6 0 0 1 9.6-3.9M17.6 11v1.8c0 1.7-.2 3.3-.6 4.8M4 9a8.5 8.5 0 0 1 15.8 0"/>',
)
