/** What TigerBeetle's own `benchmark` says of the transfers it made. */
export type TigerBeetleResult = {
  readonly perSecond: number
  readonly batchSize: number
  readonly batches: number
  readonly seconds: number
  /** Of one batch, in whole milliseconds as it prints them. */
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly maxMs?: number
  /** Memory of its server. */
  readonly memoryBytes?: number
  readonly dataFileBytes?: number
}

/** @throws Error that names the line that is missing: a rate is never guessed. */
export function parseTigerBeetleOutput(text: string): TigerBeetleResult {
  const optional = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(text)?.[1]
    return found === undefined ? undefined : Number(found.replaceAll('_', ''))
  }
  const required = (what: string, pattern: RegExp): number => {
    const value = optional(pattern)
    if (value === undefined) throw new Error(`tigerbeetle benchmark did not print its ${what}`)
    return value
  }
  const latency = (percentile: string): number | undefined =>
    optional(new RegExp(`^batch latency p${percentile} *= *(\\d+) ms`, 'm'))
  const more = {
    p50Ms: latency('50'),
    p99Ms: latency('99'),
    maxMs: latency('100'),
    memoryBytes: optional(/^rss = (\d+) bytes/m),
    dataFileBytes: optional(/^datafile = (\d+) bytes/m),
  }
  return {
    perSecond: required('load accepted', /^load accepted = ([\d_]+) tx\/s/m),
    batchSize: required('batch size', /^transfer batch size = ([\d_]+) txs/m),
    batches: required('number of batches', /^([\d_]+) batches in/m),
    seconds: required('duration', /^[\d_]+ batches in ([\d.]+) s/m),
    ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)),
  }
}
