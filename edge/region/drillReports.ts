import { constants, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** Also what `npx jiaozi drill run` calls the folder of one report: the drill, and the second at which it began. */
export const drillReportPattern = /^([a-z][a-z0-9-]{0,39})-(\d{4}-\d{2}-\d{2}T\d{6})$/

const bytesMax = 4 * 1024 ** 2
const verdict = z.enum(['pass', 'fail', 'unknown'])
const check = z.object({ what: z.literal('check'), name: z.string(), verdict, detail: z.string() })
const report = z.object({
  when: z.iso.datetime(),
  verdict,
  figures: z.record(z.string(), z.number()),
  rows: z.array(z.looseObject({ what: z.string() })),
  notes: z.array(z.string()),
})

export type DrillCheck = Omit<z.infer<typeof check>, 'what'>
export type DrillReport = Pick<z.infer<typeof report>, 'verdict' | 'notes'> & {
  readonly name: string
  readonly drill: string
  readonly endedMs: number
  /** By their names without the drill's. */
  readonly figures: Readonly<Record<string, number>>
  readonly checks: readonly DrillCheck[]
}

/**
 * The reports of drills that lie in a folder of this machine. A name is looked at before any file is, so that it leads
 * nowhere else; links are not followed, and a file that is too large or no report is as if it were not there.
 */
export class DrillReports {
  readonly #folder: string | undefined
  /** A report is written once: what was read of it stays true as long as its file is the same. */
  readonly #read = new Map<string, { readonly mark: string; readonly report: DrillReport | undefined }>()

  /** @param folder without one there are no reports */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  /** The newest, newest first. */
  async list(count: number): Promise<DrillReport[]> {
    const names = this.#folder === undefined ? [] : await readdir(this.#folder).catch(() => [])
    const newest = names
      .flatMap((name) => {
        const began = drillReportPattern.exec(name)?.[2]
        return began === undefined ? [] : [{ name, began }]
      })
      .toSorted((a, b) => (a.began < b.began ? 1 : -1))
      .slice(0, count)
    for (const name of this.#read.keys()) if (!names.includes(name)) this.#read.delete(name)
    const found = await Promise.all(newest.map(({ name }) => this.one(name)))
    return found.filter((one) => one !== undefined)
  }

  async one(name: string): Promise<DrillReport | undefined> {
    const file = await this.#file(name, 'report.json')
    if (file === undefined) return undefined
    const known = this.#read.get(name)
    if (known?.mark === file.mark) return known.report
    const bytes = await bytesOf(file.path)
    const found = bytes && reportIn(name, bytes)
    this.#read.set(name, { mark: file.mark, report: found })
    return found
  }

  /** The page of a report, as it was written. */
  async page(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.#file(name, 'report.html')
    return file && bytesOf(file.path)
  }

  /** Where a file of a report is, and what tells it from another one that lay there before. */
  async #file(name: string, fileName: string): Promise<{ path: string; mark: string } | undefined> {
    if (this.#folder === undefined || !drillReportPattern.test(name)) return undefined
    const folder = join(this.#folder, name)
    const path = join(folder, fileName)
    try {
      const [within, file] = [await lstat(folder), await lstat(path)]
      if (!within.isDirectory() || !file.isFile() || file.size > bytesMax) return undefined
      return { path, mark: `${file.mtimeMs}/${file.size}` }
    } catch {
      return undefined
    }
  }
}

/** Opened as what it was looked at as: no link, and no larger than it may be. */
async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    return size > bytesMax ? undefined : new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

function reportIn(name: string, bytes: Uint8Array): DrillReport | undefined {
  const drill = drillReportPattern.exec(name)![1]!
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
  const parsed = report.safeParse(value)
  if (!parsed.success) return undefined
  const { when, rows, verdict: found, notes, figures: all } = parsed.data
  const own = Object.entries(all).filter(([figure]) => figure.startsWith(`${drill}.`))
  const figures = Object.fromEntries(own.map(([figure, value]) => [figure.slice(drill.length + 1), value]))
  const checks = rows.flatMap((row) => check.safeParse(row).data ?? []).map(({ what: _, ...one }) => one)
  return { name, drill, endedMs: Date.parse(when), verdict: found, figures, checks, notes }
}
