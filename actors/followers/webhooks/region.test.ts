import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsMissing } from '../../log/restartableNats.ts'
import { verifyWebhook } from '../../log/webhookSignatures.ts'
import { jiaozi, type SupervisedRegion, startSupervised, until } from '../supervisedRegion.fixture.ts'
import { TestMerchant } from './webhookTown.fixture.ts'

const missing = await natsMissing()
const longMs = 240_000

describe.skipIf(missing !== undefined)('a region that tells its merchants', () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'jiaozi-webhooks-')), 'data')
  const shop = new TestMerchant(0)
  let region: SupervisedRegion
  let merchant: string

  const run = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await jiaozi(...args, '--json', '--data', dataDir)
    if (code !== 0) throw new Error(`jiaozi ${args.join(' ')}: ${err}${out}`)
    return JSON.parse(out) as Record<string, unknown>
  }
  const listed = async () =>
    (await run('merchant', 'webhooks', merchant)).webhooks as { status: string; type: string }[]

  beforeAll(async () => {
    await shop.open()
    region = await startSupervised(dataDir, ['--shards', '2', '--workers', '1'])
    merchant = String((await run('wallet', 'open', '--class', '0', '--kind', 'merchant')).wallet_id)
  }, longMs)
  afterAll(async () => {
    await region?.stop()
    await shop.close()
    rmSync(join(dataDir, '..'), { recursive: true, force: true })
  }, longMs)

  test(
    'of an order’s end by a signed call; of one while the webhook program was dead, when it is back; and again when asked',
    async () => {
      await run('merchant', 'set', merchant, '--name-zh', '茶馆', '--callback-url', shop.url)
      await run('order', 'create', merchant, 'T-1', '2.50')
      await run('order', 'close', merchant, 'T-1')
      await until('the shop has heard of it', async () => shop.taken.length === 1)
      const [{ headers, text, body }] = shop.taken as [(typeof shop.taken)[number]]
      const { secret, public_key } = await run('merchant', 'secret', merchant)
      for (const key of [secret, public_key]) verifyWebhook(String(key), headers, text, Date.now() / 1_000)
      expect(body).toMatchObject({
        type: 'order.closed',
        data: { wallet_id: merchant, order_no: 'T-1', amount: '2.50' },
      })

      shop.answer = () => 503
      await run('order', 'create', merchant, 'T-2', '1.00')
      await run('order', 'close', merchant, 'T-2')
      await until('the shop has refused it', async () => shop.heard.length > 1)
      process.kill(region.facts.pids.webhooks!, 'SIGKILL')
      shop.answer = () => 200
      await until('the shop has taken it', async () => shop.taken.length === 2)
      await until('it stands there as delivered', async () =>
        (await listed()).every((one) => one.status === 'delivered'),
      )

      const id = body.data && headers['webhook-id']
      await run('merchant', 'replay', merchant, id!)
      await until('the shop has heard of the first again', async () => shop.taken.length === 3)
      expect(shop.taken.map((one) => one.id === id)).toEqual([true, false, true])
      expect(shop.taken[2]!.text).toBe(text)
      const shown = await run('merchant', 'webhook', merchant, id!)
      await until('both calls are written down', async () => {
        const { deliveries } = await run('merchant', 'webhook', merchant, id!)
        return (deliveries as unknown[]).length === 2
      })
      expect(shown.body).toBe(text)
    },
    longMs,
  )
})
