import type { Client } from '../../../edge/client/node.ts'
import { connectTown } from '../../demo/town.ts'
import { type Region, startRegion } from '../../region.ts'
import { openShop, type Shop } from '../callbacks/shop.ts'
import { untilTold, untoldOf } from '../callbacks/untilTold.ts'
import { type HttpBench, openHttpBench } from '../http.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { OrderStock } from '../orderStock.ts'
import { systemVersions } from '../systemVersions.ts'
import { rounded } from './ladderRow.ts'
import { ladderRowOf, type Run, run, untilQuiet } from './regionRung.ts'
import { riskRulesNote, setRiskRules } from './riskRules.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'

const name = 'l3.orders.c64'
const callers = 64
const shopCount = 16
const connectionsMax = 64
/** For the warm-up; how many are needed then is known after it. */
const firstOrders = 4_000
const toldWithinMs = 120_000

const on = ['fsync', 'sealed', 'TLS 1.3', 'P-256 signatures', 'limits', 'risk rules', '1 replica']
const onWithFollowers = [...on, 'archive', 'projection', 'callbacks']

/** L3 with everything on: payments of orders, judged by risk rules, projected, and told to their merchants. */
export const ordersRung: Rung = { name: 'l3, orders', run: benchOrders }

async function benchOrders(options: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  say('starting a region')
  const region = await stoppedOnInterruption(() => startRegion(['--workers', '1', '--runtime', options.runtime]))
  const shops: Shop[] = []
  try {
    const client = connectTown(region.facts(), connectionsMax)
    await setRiskRules(region.facts(), client)
    for (let seed = 1; seed <= shopCount; seed++) {
      shops.push(await openShop(region.facts(), client, { failShare: 0, checks: 'hmac', seed }))
    }
    const bench = await openHttpBench(region, say)
    const versions = await systemVersions(options.runtime)
    const findings = await measure(region, bench, client, shops, options, say)
    await bench.close()
    return { ...findings, versions }
  } finally {
    await Promise.all(shops.map(({ server }) => server.close()))
    await region.stop()
  }
}

async function measure(
  region: Region,
  bench: HttpBench,
  client: Client,
  shops: readonly Shop[],
  { seconds, repeats }: RungOptions,
  say: (line: string) => void,
): Promise<RungFindings> {
  const stock = new OrderStock(client, shops, bench.payers, bench.shardCount, bench.host)
  const runs: Run[] = []
  const behind: number[] = []
  const toldMs: number[] = []
  while (runs.length < repeats) {
    say('shops make orders')
    await stock.fill(firstOrders)
    await untilQuiet(region)
    runs.push(await run(bench, region, stock, callers, seconds))
    behind.push(untoldOf(shops))
    toldMs.push(await untilTold(shops, toldWithinMs, say))
  }
  const row = ladderRowOf(name, 'the same, each of an order, judged by risk rules and told to its merchant', runs)
  return {
    rows: [{ ...row, on: onWithFollowers }],
    figures: {
      'l3.orders.callbacks_delivered': shops.reduce((sum, { server }) => sum + server.book.delivered, 0),
      'l3.orders.callbacks_behind': Math.max(...behind),
      'l3.orders.told_seconds': rounded(Math.max(...toldMs) / 1_000, 1),
      ...delaysOf(shops),
    },
    notes: [
      'l3.orders: orders are made ahead and the payments signed ahead; only payments are counted, and end when completed',
      `l3.orders: ${shopCount} merchants; their servers run in the load's process and verify each callback (HMAC)`,
      `l3.orders: ${riskRulesNote}`,
      'l3.orders: callbacks_behind is what merchants had not heard when the last payment ended, told_seconds when they had',
    ],
  }
}

/** From the log's time of a payment to its merchant's server. */
function delaysOf(shops: readonly Shop[]): Record<string, number> {
  const delays = shops.flatMap(({ server }) => server.delaysMs).sort((a, b) => a - b)
  const at = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? 0
  return { 'l3.orders.callback_p50_ms': at(0.5), 'l3.orders.callback_p99_ms': at(0.99) }
}
