import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, principalSigner, walletSigner } from '../../edge/client/node.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import { inParallel } from '../demo/play.ts'
import { connectTown, settleTown } from '../demo/town.ts'
import type { RunningRegions } from '../generator/runningRegions.ts'
import type { RegionFacts } from '../region.ts'
import type { Payer } from './preparedRequests.ts'

/** The sandbox institution to which these wallets belong. */
export function institutionOf(facts: RegionFacts): RequestSigner {
  return principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8'))
}

const balanceFen = 1_000_000
const openedAtOnce = 32
const ownerTriesMax = 50
const ownerPauseMs = 200

/**
 * Opens wallets of class III, each recharged with 10,000 yuan by the sandbox bank.
 * @param regions the one that runs, or two: each wallet says then which of them owns its shard
 */
export async function openProfileWallets(
  regions: RunningRegions,
  count: number,
  say: (line: string) => void,
): Promise<readonly Payer[]> {
  const accounts = Array.from({ length: count }, (_, i) => ({ name: `load ${i}`, initialFen: balanceFen }))
  const play = { source: 'load', accounts, transfers: [] }
  const { residents } = await settleTown(regions[0], play, openedAtOnce, (what, done) =>
    say(`${what}: ${done}/${count}`),
  )
  if (regions.length === 1) return residents
  const edges = regions.map((facts) => ({ region: facts.region, client: connectTown(facts, openedAtOnce) }))
  const placed: Payer[] = new Array(count)
  await inParallel(residents, openedAtOnce, async (resident, i) => {
    placed[i] = { ...resident, region: await ownerOf(resident, edges) }
    say(`wallets found: ${i + 1}/${count}`)
  })
  return placed
}

/** @throws Error when no region alone is the owner of the wallet's shard within ten seconds */
async function ownerOf(
  { walletId, key }: Payer,
  edges: readonly { readonly region: string; readonly client: Client }[],
): Promise<string> {
  for (let tries = 0; tries < ownerTriesMax; tries++) {
    const owners: string[] = []
    for (const { region, client } of edges) {
      const { body } = await client.call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
      if (!('age_ms' in (body.as_of as object))) owners.push(region)
    }
    // Neither answers without an age while the shard moves; both do while a copy has not heard of the wallet yet, since
    // the owner is asked for it then.
    if (owners.length === 1) return owners[0]!
    await sleep(ownerPauseMs)
  }
  throw new Error('who owns a shard is not clear: see npx jiaozi owners show')
}
