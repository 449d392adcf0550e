import { parseArgs } from 'node:util'

export const usage = `Usage: npm run demo -- [options]

Opens a wallet per account, recharges each through the sandbox bank, plays transfers as signed payments over HTTPS,
redeems 100 wallets, asks for every payment again, and reconciles everything to the fen.
With --shop a tea house is kept instead: orders, QR, payments, callbacks, partial refunds, receipts, and the same count.
Its first orders are paid in Chromium, where there is one: pay page, consent, passkey; the others by a wallet app's key.

  --input FILE      AMLSim transactions.csv, with nodes.csv beside it (default: made from --seed)
  --limit N         how many transfers (default 2000, with --input 20000)
  --accounts N      accounts when there is no input (default 400)
  --seed N          seed (default 1)
  --concurrency N   payments in flight (default 64)
  --kill            kill -9 a random worker, the edge, the nats-server and others every few seconds meanwhile
  --shop            keep a shop, and say each step of its first order
  --orders N        orders of the shop (default 1)
  --browser-orders N  how many of them are paid in a browser (default 5; 0 opens none)
  --data DIR        data folder of a region that runs (default .data; one of its own when none runs there)
  --own             start a region of its own in any case
  --json FILE       write the report
`

export type DemoOptions = {
  input: string | undefined
  limit: number
  accounts: number
  seed: number
  concurrency: number
  kill: boolean
  shop: boolean
  orders: number
  browserOrders: number
  data: string
  own: boolean
  json: string | undefined
}

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
  }
  return value
}

/** @throws UsageError that names what is wrong. @returns undefined when help was asked for. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const values = read(args)
  if (values.help) return undefined
  const limit = values.limit ?? (values.input === undefined ? '2000' : '20000')
  return {
    input: values.input,
    limit: whole('limit', limit, 1, 10_000_000),
    accounts: whole('accounts', values.accounts, 2, 100_000),
    seed: whole('seed', values.seed, 0, 0xffff_ffff),
    concurrency: whole('concurrency', values.concurrency, 1, 1_024),
    kill: values.kill,
    shop: values.shop,
    orders: whole('orders', values.orders, 1, 1_000_000),
    browserOrders: whole('browser-orders', values['browser-orders'], 0, 30),
    data: values.data,
    own: values.own,
    json: values.json,
  }
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: 'string' },
        limit: { type: 'string' },
        accounts: { type: 'string', default: '400' },
        seed: { type: 'string', default: '1' },
        concurrency: { type: 'string', default: '64' },
        kill: { type: 'boolean', default: false },
        shop: { type: 'boolean', default: false },
        orders: { type: 'string', default: '1' },
        'browser-orders': { type: 'string', default: '5' },
        data: { type: 'string', default: '.data' },
        own: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}
