import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { decodeJson, encodeJson } from '../actors/log/jsonBytes.ts'
import { connectNats, type NatsAccess } from '../actors/log/natsConnection.ts'
import { controlSubject } from '../actors/log/subjects.ts'
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
  /** Pays, and asks again under the same id while the outcome is pending. */
  pay(through: Letter, from: PlacedWallet, to: PlacedWallet, yuan: string): Promise<Told>
  show(through: Letter, wallet: PlacedWallet, query?: string): Promise<Told>
  /** Asks a region's replica of a shard, as an operator does. */
  control(letter: Letter, shard: number, type: 'status' | 'move'): Promise<Record<string, unknown>>
  close(): Promise<void>
}

const pendingTriesMax = 20

type Told = Awaited<ReturnType<Client['call']>>

export async function startTestRegions(startArgs: readonly string[] = []): Promise<TestRegions> {
  const regions = await startRegions(['--shards', '2', '--workers', '1', ...startArgs])
  const clientOf = (letter: Letter): Client => {
    const { edgeUrl, caFile } = regions.facts(letter)
    return createClient(edgeUrl, nodeExchange(edgeUrl, readFileSync(caFile, 'utf8')))
  }
  const edges = { a: clientOf('a'), b: clientOf('b') }
  const connections = { a: operatorOf(regions, 'a'), b: operatorOf(regions, 'b') }
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
    async pay(through, from, to, yuan) {
      const ids = { payment_id: newId(), payer_wallet: from.walletId, payee_wallet: to.walletId }
      const fields = { ...ids, amount: yuan, currency: 'CNY-DC', timestamp: new Date().toISOString() } as const
      const payment = signPayment(fields, from.key)
      let told = await edges[through].call(undefined, 'POST', '/v1/payments', payment)
      for (let n = 0; told.status === 202 && n < pendingTriesMax; n++) {
        told = await edges[through].call(undefined, 'POST', '/v1/payments', payment)
      }
      return told
    },
    async control(letter, shard, type) {
      const connection = await connections[letter]
      const { data } = await connection.request(controlSubject(letter, shard), encodeJson({ type }), {
        timeout: 15_000,
      })
      return decodeJson(data) as Record<string, unknown>
    },
    async close() {
      for (const letter of letters) await (await connections[letter]).close()
      await regions.stop()
    },
  }
}

function operatorOf({ dataDir }: StartedRegions, letter: Letter): Promise<NatsConnection> {
  const facts = readFileSync(join(dataDir, letter, 'run/region.json'), 'utf8')
  const { nats } = JSON.parse(facts) as { nats: NatsAccess }
  return connectNats(nats, { name: 'test', inboxPrefix: `_INBOX.${nats.user}` })
}
