import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { BadInput, NotReachable } from './exitCodes.ts'

/** What a region that runs on this machine says about itself in its data folder. */
const factsSchema = z.object({
  shardCount: z.int().min(1),
  edgeUrl: z.url(),
  caFile: z.string(),
  operatorKeyFile: z.string(),
  institutionKeyFile: z.string(),
  keysDir: z.string(),
  bankUrl: z.url(),
})
export type RegionFacts = z.infer<typeof factsSchema>

export function factsFileOf(dataDir: string): string {
  return join(resolve(dataDir), 'run', 'region.json')
}

/** @throws NotReachable when no region runs on the folder */
export function readRegionFacts(dataDir: string): RegionFacts {
  const file = factsFileOf(dataDir)
  if (existsSync(join(resolve(dataDir), 'run', 'installation.json'))) {
    throw new NotReachable(
      `${resolve(dataDir)} holds two regions: name one of them, --data ${join(resolve(dataDir), 'a')}`,
    )
  }
  if (!existsSync(file)) {
    throw new NotReachable(
      `no region runs on ${resolve(dataDir)}: start one there, or name another with --data or --url`,
    )
  }
  let facts: unknown
  try {
    facts = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new NotReachable(`${file} cannot be read now`)
  }
  const read = factsSchema.safeParse(facts)
  if (read.success) return read.data
  const wrong = read.error.issues[0]
  throw new BadInput(`${file} is not of this release: ${wrong?.path.join('.')} ${wrong?.message}`)
}
