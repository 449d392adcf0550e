import { join } from 'node:path'

/** Where drills on an installation leave their reports, and where its edges look for them. */
export function drillsFolder(data: string): string {
  return join(data, 'drills')
}
