import { readFileSync } from 'node:fs'
import { type StartedRegions, startRegions } from '../deploy/runningRegion.ts'
import { type Client, createClient, newId, nodeExchange, principalSigner, signPayment } from './client/node.ts'
import type { RequestSigner } from './client/requests.ts'
import { fund, openTestWallet, type TestWallet } from './testEdge.ts'

export type Letter = 'a' | 'b'
export const letters = ['a', 'b'] as const

/** A wallet, and the shard that it lives in. */
export type PlacedWallet = TestWallet & { readonly shard: number }

/** Two regions of real processes with an edge each, as `npm start -- --regions 2` runs them. */
export type TestRegions = {
  readonly regions: StartedRegions
  readonly edges: Readonly<Record<Letter, Client>>
  readonly institution: RequestSigner
  readonly operator: RequestSigner
  /** Opens and funds a wallet in a shard, through an edge. */
  wallet(shard: number, yuan: string, through?: Letter): Promise<PlacedWallet>
  pay(through: Letter, from: PlacedWallet, to: PlacedWallet, yuan: string, id?: string): Promise<Told>
  show(through: Letter, wallet: PlacedWallet, query?: string): Promise<Told>
  close(): Promise<void>
}

type Told = Awaited<ReturnType<Client['call']>>

export async function startTestRegions(startArgs: readonly string[] = []): Promise<TestRegions> {
  const regions = await startRegions(['--shards', '2', '--workers', '1', ...startArgs])
  const clientOf = (letter: Letter): Client => {
    const { edgeUrl, caFile } = regions.facts(letter)
    return createClient(edgeUrl, nodeExchange(edgeUrl, readFileSync(caFile, 'utf8')))
  }
  const edges = { a: clientOf('a'), b: clientOf('b') }
  const { institutionKeyFile, operatorKeyFile, bankUrl } = regions.facts('a')
  const institution = principalSigner('institution:1', readFileSync(institutionKeyFile, 'utf8'))
  const operator = principalSigner('operator:1', readFileSync(operatorKeyFile, 'utf8'))
  const show = (through: Letter, { walletId, signer }: TestWallet, query = ''): Promise<Told> =>
    edges[through].call(signer, 'GET', `/v1/wallets/${walletId}${query}`)
  return {
    regions,
    edges,
    institution,
    operator,
    show,
    async wallet(shard, yuan, through = 'a') {
      const client = edges[through]
      // A user's bucket, and so the shard, comes of the request's id.
      for (;;) {
        const wallet = await openTestWallet({ client, institution })
        const { as_of: asOf } = (await show(through, wallet)).body as { as_of: { shard: number } }
        if (asOf.shard !== shard) continue
        const funded = await fund({ client, bankUrl }, wallet, yuan)
        if (funded.status !== 'completed') throw new Error(`the wallet was not funded: ${JSON.stringify(funded)}`)
        return { ...wallet, shard }
      }
    },
    pay(through, from, to, yuan, id = newId()) {
      const ids = { payment_id: id, payer_wallet: from.walletId, payee_wallet: to.walletId }
      const fields = { ...ids, amount: yuan, currency: 'CNY-DC', timestamp: new Date().toISOString() } as const
      return edges[through].call(undefined, 'POST', '/v1/payments', signPayment(fields, from.key))
    },
    close: () => regions.stop(),
  }
}
