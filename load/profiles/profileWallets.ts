import { readFileSync } from 'node:fs'
import { principalSigner } from '../../edge/client/node.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import { settleTown } from '../demo/town.ts'
import type { RegionFacts } from '../region.ts'
import type { Payer } from './preparedRequests.ts'

/** The sandbox institution to which these wallets belong. */
export function institutionOf(facts: RegionFacts): RequestSigner {
  return principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8'))
}

const balanceFen = 1_000_000
const openedAtOnce = 32

/** Opens wallets of class III in a running region, each recharged with 10,000 yuan by the sandbox bank. */
export async function openProfileWallets(
  facts: RegionFacts,
  count: number,
  say: (line: string) => void,
): Promise<readonly Payer[]> {
  const accounts = Array.from({ length: count }, (_, i) => ({ name: `load ${i}`, initialFen: balanceFen }))
  const town = await settleTown(facts, { source: 'load', accounts, transfers: [] }, openedAtOnce, (what, done) =>
    say(`${what}: ${done}/${count}`),
  )
  return town.residents
}
