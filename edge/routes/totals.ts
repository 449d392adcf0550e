import { z } from '@hono/zod-openapi'
import type { TotalsView } from '../../actors/log/queries.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { asOfBody, asOfSchema, yuanText } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { operation } from './operation.ts'

const yuan = z.string().openapi({ example: '100.50' })
const shardTotals = z
  .object({
    wallets: yuan.openapi({ description: 'In all wallets, what is held aside in them included' }),
    held: yuan.openapi({ description: 'Of it what is held aside for payees' }),
    wallet_count: z.int(),
    issuance: yuan.openapi({ description: 'Issued against reserves, less what was burnt' }),
    redeeming: yuan.openapi({ description: 'On its way out of wallets, not burnt yet' }),
    in_flight: yuan.openapi({ description: 'Owed to other shards less taken in from them; adds up over all shards' }),
    pending_in: yuan.openapi({ description: 'Room reserved for recharges under way' }),
    open_sagas: z.int(),
    digest: z.string(),
    chain: z.string(),
    as_of: asOfSchema,
  })
  .openapi('ShardTotals')
const totals = z
  .object({ shards: z.array(shardTotals), wallets: yuan, issuance: yuan, redeeming: yuan, in_flight: yuan })
  .openapi('Totals')

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const signedYuan = (fen: number): string => (fen < 0 ? `-${yuanText(-fen)}` : yuanText(fen))

/**
 * Legs outside the wallets stand in the books with the sign of a claim; people read them as amounts. What is in flight
 * is what is missing to zero, since the turnovers that it could be read from go round.
 */
function sumsOf(view: TotalsView): { wallets: number; issuance: number; redeeming: number; inFlight: number } {
  const issuance = -sum(view.issuance)
  const redeeming = sum(view.redeeming)
  return { wallets: view.wallets, issuance, redeeming, inFlight: issuance - redeeming - view.wallets }
}

export const showTotals = operation({
  name: 'showTotals',
  method: 'get',
  path: '/v1/totals',
  tag: 'totals',
  summary: 'Sums of every shard',
  description: 'Each shard at its own position; at rest wallets + redeeming + in_flight = issuance.',
  callers: ['operator'],
  query: freshQuery,
  messages: { answer: 'Totals' },
  answers: { 200: { description: 'By shard and in all', schema: totals } },
  async run({ query }, { gateway }) {
    const ask = (from: ReadFrom) =>
      Promise.all(gateway.gates.map(({ shard }) => gateway.queries.ask(shard, { type: 'totals' as const }, from)))
    const reads = await readAsAsked(query, ask)
    const shards = reads.map(({ asOf, result }) => {
      const { wallets, issuance, redeeming, inFlight } = sumsOf(result)
      return {
        wallets: yuanText(wallets),
        held: yuanText(result.held),
        wallet_count: result.walletCount,
        issuance: signedYuan(issuance),
        redeeming: signedYuan(redeeming),
        in_flight: signedYuan(inFlight),
        pending_in: yuanText(result.pendingIn),
        open_sagas: result.openSagas,
        digest: result.digest,
        chain: result.chain,
        as_of: asOfBody(asOf),
      }
    })
    const all = reads.map(({ result }) => sumsOf(result))
    const body = {
      shards,
      wallets: yuanText(sum(all.map((one) => one.wallets))),
      issuance: signedYuan(sum(all.map((one) => one.issuance))),
      redeeming: signedYuan(sum(all.map((one) => one.redeeming))),
      in_flight: signedYuan(sum(all.map((one) => one.inFlight))),
    }
    return { status: 200, body, headers: ageHeaders(...reads.map(({ asOf }) => asOf)) }
  },
})

export const totalsOperations = [showTotals]
