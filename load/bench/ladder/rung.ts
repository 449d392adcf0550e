import type { LadderRow } from './ladderRow.ts'

/** Load before each repeat that is not counted. */
export const warmUpSeconds = 3

export type RungOptions = {
  /** Length of one repeat, its warm-up not counted. */
  readonly seconds: number
  readonly repeats: number
  /** Fewer shapes and less data: for a look, not for a figure. */
  readonly quick: boolean
  /** What the processes of the system run on, where a rung has any. */
  readonly runtime: 'node' | 'deno'
}

export type RungFindings = {
  readonly rows: readonly LadderRow[]
  /** Figures beside those of the rows. */
  readonly figures?: Readonly<Record<string, number>>
  /** What a reader must know to judge the rows. */
  readonly notes: readonly string[]
  readonly versions?: Readonly<Record<string, string>>
}

/** Some rows of the ladder that are measured together; each rung starts what it needs and leaves nothing running. */
export type Rung = {
  readonly name: string
  /** Takes too long for a quick look at the whole ladder. */
  readonly slow?: true
  /**
   * Looks for what it needs and cannot start by itself, before the first rung is climbed.
   * @throws UsageError that names what is not there
   */
  require?(): void
  run(options: RungOptions, say: (line: string) => void): Promise<RungFindings>
}
