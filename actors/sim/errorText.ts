/** An error as a chronicle tells it: with where it came from, since nobody else reads it. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
