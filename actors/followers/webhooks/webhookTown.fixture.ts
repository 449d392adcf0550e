import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KeyRing } from '../../log/keyRing.ts'
import { memoryKeyRing } from '../../log/memoryKeyRing.ts'
import { createLogger } from '../../log/process.ts'
import { type WebhookType, webhookStates, webhookTypes } from '../../log/webhookEvents.ts'
import { type Database, openDatabase, RenewedPool } from '../database.ts'
import { webhookEventId } from '../webhookRows.ts'
import { CallbackCaller } from './callbackRequest.ts'
import { Deliverer, type DelivererPorts } from './deliverer.ts'
import { WebhookStore } from './webhookStore.ts'

export type Heard = {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: { type: WebhookType; data: { order_no: string; amount: string } & Record<string, unknown> }
  readonly status: number
}

/** A merchant's server: what it is told, and what it answers to that. */
export class TestMerchant {
  readonly heard: Heard[] = []
  readonly wallet: number
  readonly #server: Server
  /** What it answers; undefined answers nothing, a negative number breaks the connection off. */
  answer: (seen: number) => number | undefined = () => 200
  delayMs = 0

  constructor(wallet: number) {
    this.wallet = wallet
    this.#server = createServer((request, response) => void this.#hear(request, response))
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const status = this.answer(this.heard.length)
    const headers = request.headers as Record<string, string>
    this.heard.push({ id: headers['webhook-id']!, headers, text, body: JSON.parse(text), status: status ?? 0 })
    if (status === undefined) return
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs))
    if (status < 0) response.destroy()
    else response.writeHead(status).end(`heard ${this.heard.length}`)
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** What it took, in the order in which it did. */
  get taken(): Heard[] {
    return this.heard.filter(({ status }) => status >= 200 && status < 300)
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Merchants whose events a test writes into the journal, and the program that tells them, on a clock that the test moves. */
export class WebhookTown {
  readonly sql: Database
  /** What the program reaches the database through. */
  readonly pool: RenewedPool
  readonly ring: KeyRing = memoryKeyRing(['webhook'])
  readonly merchants: TestMerchant[] = []
  shards: readonly number[] = [0, 1]
  /** Added to the real clock. */
  aheadMs = 0
  #deliverer: Deliverer | undefined
  #caller: CallbackCaller | undefined
  #seq = 100

  constructor(databaseUrl: string) {
    this.sql = openDatabase(databaseUrl, 'test', 3)
    this.pool = new RenewedPool(() => openDatabase(databaseUrl, 'webhooks', 3))
  }

  readonly nowMs = (): number => Date.now() + this.aheadMs

  /** A merchant whose profile says where it is called. */
  async merchant(wallet: number, options: { profile?: boolean } = {}): Promise<TestMerchant> {
    const merchant = new TestMerchant(wallet)
    await merchant.open()
    this.merchants.push(merchant)
    if (options.profile !== false) await this.profile(wallet, JSON.stringify({ callback_url: merchant.url }))
    return merchant
  }

  async profile(wallet: number, content: string, secret = { generation: 1, rotatedMs: 0 }): Promise<void> {
    const seq = ++this.#seq
    await this.sql`insert into merchant_texts values (0, ${seq}, 0, ${content})`
    await this.sql`
      insert into merchants values (${wallet}, 0, ${seq}, 0, 1, 1, ${secret.generation}, ${secret.rotatedMs}, 0)
      on conflict (wallet) do update set profile_seq = ${seq}, secret_generation = ${secret.generation},
        rotated_ms = ${secret.rotatedMs}`
  }

  /** Events of one order, in this order. */
  async tell(
    wallet: number,
    orderNo: string,
    types: readonly WebhookType[],
    o: { fen?: number; shard?: number; merchantShard?: number; sinceMs?: number } = {},
  ): Promise<void> {
    const { fen = 1_250, shard = 0, sinceMs = this.nowMs(), merchantShard = shard } = o
    for (const type of types) {
      const seq = ++this.#seq
      const id = Buffer.from(webhookEventId(type, wallet, `${orderNo}/${seq}`), 'hex')
      const refund = type.startsWith('refund') ? Buffer.alloc(16, seq) : null
      await this.sql`
        insert into webhook_events (event_id, type, merchant, merchant_shard, order_no, order_seq, order_index, amount_fen,
          created_ms, expires_ms, shard, seq, index, at_ms, payer, payment_id, refund_id, since_ms)
        values (${id}, ${webhookTypes[type]}, ${wallet}, ${merchantShard}, ${orderNo}, 1, 0, ${fen}, ${sinceMs}, ${sinceMs + 60_000},
          ${shard}, ${seq}, 0, ${sinceMs}, 4096, ${Buffer.alloc(16, 7)}, ${refund}, ${sinceMs})`
    }
  }

  start(changes: Partial<DelivererPorts> = {}, timeoutMs = 1_000): void {
    this.#caller = new CallbackCaller({ loopback: true, callsPerHostMax: 64, timeoutMs })
    this.#deliverer = new Deliverer({
      store: new WebhookStore(this.pool),
      caller: this.#caller,
      ring: this.ring,
      logger: createLogger('test', 'silent'),
      shards: () => this.shards,
      loopback: true,
      callsMax: 64,
      callsPerMerchantMax: 16,
      nowMs: this.nowMs,
      random: () => 0.5,
      ...changes,
    })
    this.#deliverer.start()
  }

  get deliverer(): Deliverer {
    return this.#deliverer!
  }

  async stopTelling(): Promise<void> {
    await this.#deliverer?.stop()
    this.#caller?.close()
    this.#deliverer = undefined
  }

  /** How many events stand how. */
  async states(): Promise<Record<string, number>> {
    const rows = await this.sql<{ state: number; count: number }[]>`
      select state, count(*)::int as count from webhook_events group by state`
    const names = Object.entries(webhookStates)
    return Object.fromEntries(rows.map(({ state, count }) => [names.find(([, code]) => code === state)![0], count]))
  }

  async until(what: string, holds: () => Promise<boolean> | boolean, patienceMs = 30_000): Promise<void> {
    const untilMs = performance.now() + patienceMs
    while (!(await holds())) {
      if (performance.now() > untilMs)
        throw new Error(`${what} did not come true: ${JSON.stringify(await this.states())}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Lets the waits between tries pass, until nothing is pending. */
  async settle(): Promise<void> {
    await this.until('everything is told', async () => {
      this.aheadMs += 5_000
      return (await this.states()).pending === undefined
    })
  }

  async end(): Promise<void> {
    await this.stopTelling()
    await Promise.all(this.merchants.map((merchant) => merchant.close()))
    await Promise.all([this.pool.end(), this.sql.end({ timeout: 5 })])
  }
}
