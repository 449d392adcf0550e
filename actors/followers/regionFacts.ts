import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const regionFacts = z.object({
  region: z.string(),
  /** The other region, where there is one. */
  peer: z.string().optional(),
  shardCount: z.number().int(),
  edgeUrl: z.string(),
  nats: z.object({
    url: z.string(),
    monitorUrl: z.string(),
    user: z.string().optional(),
    password: z.string().optional(),
  }),
  keysDir: z.string(),
  bankUrl: z.string(),
  centralBankUrl: z.string(),
  bankSecret: z.string(),
  centralBankSecret: z.string(),
  databaseUrl: z.string(),
  archiveDir: z.string().optional(),
})

/** What a running region tells programs on the same machine, with the operator's access to its server. */
export type RegionFacts = z.infer<typeof regionFacts>

/** @throws Error that says so when no region runs on this folder. */
export function readRegionFacts(dataDir: string): RegionFacts {
  const file = join(dataDir, 'run', 'region.json')
  if (existsSync(join(dataDir, 'run', 'installation.json'))) {
    throw new Error(`${dataDir} holds two regions: name one of them, --data ${join(dataDir, 'a')}`)
  }
  if (!existsSync(file)) throw new Error(`no region runs on ${dataDir}: start it with npm start -- --data ${dataDir}`)
  return regionFacts.parse(JSON.parse(readFileSync(file, 'utf8')))
}

/** Where the region's archive is, or would be. */
export function archiveDirOf(dataDir: string, { archiveDir }: RegionFacts): string {
  return archiveDir ?? join(dataDir, 'archive')
}
