import { expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { walletKinds } from '../ledger/ids.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { keyAlgorithms, keyCauses, merchantRoles, signers } from '../ledger/records.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'

const edge = { kind: 'edge', id: '1' } as const
let followed: FollowedTown
let payer: Resident
let shop: Resident

eachTestFollowed(async (one) => {
  followed = one
  const { town } = followed
  payer = await town.open(0)
  shop = await town.open(1, walletKinds.merchant)
  await town.fund(payer, 10_000)
  await followed.project()
})

const by = (actor: number) => headOf({ signer: signers.walletKey, keyVersion: 1, actor, id: followed.town.id() })
const byUser = (number: number, keyVersion: number) => ({
  ...by(shop.number),
  signer: signers.merchantUser,
  principal: number,
  keyVersion,
})
const orderNo = (text: string): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(text))
  return bytes
}
const rest = (): Promise<void> => followed.town.until('nothing is on its way', () => followed.town.inTransit() === 0)

async function putUser(
  number: number,
  role: keyof typeof merchantRoles,
  limit = 0,
  label = new Uint8Array(0),
): Promise<Uint8Array> {
  const key = Uint8Array.from({ length: 33 }, () => 2)
  const said = { number, role: merchantRoles[role], limit, algorithm: keyAlgorithms.ecdsaP256, key }
  const fields = { ...by(shop.number), wallet: shop.number, ...said, textLength: label.length }
  await followed.town.command(1, 'merchantUserPut', fields, edge, label)
  return fields.id
}

function order(no: string, head: object = by(shop.number)): Promise<number> {
  const { town } = followed
  const fields = { wallet: shop.number, amount: 250, expiresMs: town.timers.nowMs + 3_600_000, textLength: 0 }
  return town.command(1, 'orderCreate', { ...by(shop.number), ...head, ...fields, orderNo: orderNo(no) }, edge)
}

async function payOrder(number: number): Promise<void> {
  const { town } = followed
  const of = { payer: payer.number, payee: shop.number, amount: 250, requestedMs: town.timers.nowMs, order: number }
  await town.command(0, 'orderPayment', { ...by(payer.number), ...of }, edge)
  await rest()
}

async function refund(no: string, fen: number, head: object): Promise<void> {
  const wanted = { ...by(shop.number), ...head, wallet: shop.number, amount: fen, orderNo: orderNo(no) }
  await followed.town.command(1, 'orderRefund', wanted, edge)
  await rest()
}

test('who made an order and who refunded it stands beside them, and nothing when the merchant did', async () => {
  await putUser(1, 'cashier')
  await putUser(2, 'refunder', 100)
  await putUser(2, 'refunder', 100)
  await order('own')
  await payOrder(await order('till', byUser(1, 1)))
  await refund('till', 90, byUser(2, 2))
  await refund('till', 10, {})
  await followed.caughtUp()
  const orders = await followed.sql`select order_no, by_user, by_user_version from orders order by order_no`
  expect([...orders]).toEqual([
    { order_no: 'own', by_user: 0, by_user_version: 0 },
    { order_no: 'till', by_user: 1, by_user_version: 1 },
  ])
  const refunds = await followed.sql`
    select p.amount_fen::int as fen, r.by_user, r.by_user_version from refunds r
    join payments p on p.payer = r.merchant and p.id = r.id order by fen`
  expect([...refunds]).toEqual([
    { fen: 10, by_user: 0, by_user_version: 0 },
    { fen: 90, by_user: 2, by_user_version: 2 },
  ])
})

test('what was refused a sub-user leaves no row', async () => {
  await putUser(1, 'cashier')
  await payOrder(await order('paid'))
  await refund('paid', 10, byUser(1, 1)).catch(() => undefined)
  await order('later')
  await followed.caughtUp()
  expect(await followed.sql`select 1 from refunds`).toHaveLength(0)
  expect(await followed.sql`select 1 from payments where payer = ${shop.number}`).toHaveLength(0)
})

test('everybody who ever had a number is kept, with the label as the edge sealed it', async () => {
  const label = Uint8Array.of(9, 8, 7)
  const id = await putUser(1, 'refunder', 500, label)
  await putUser(1, 'accountant')
  await followed.town.command(1, 'merchantUserRemove', { ...by(shop.number), wallet: shop.number, number: 1 }, edge)
  await putUser(2, 'cashier')
  await followed.caughtUp()
  const rows = await followed.sql`
    select u.merchant, u.number, u.version, u.role, u.limit_fen::int as fen, u.state, l.command_id, l.label_sealed as label
    from merchant_users u
    left join merchant_user_labels l on l.shard = u.shard and l.seq = u.seq and l.index = u.index
    order by u.number, u.version`
  const merchant = BigInt(shop.number)
  const none = { command_id: null, label: null }
  expect([...rows]).toEqual([
    {
      ...{ merchant, number: 1, version: 1, role: 2, fen: 500, state: 1 },
      ...{ command_id: Buffer.from(id), label: Buffer.from(label) },
    },
    { merchant, number: 1, version: 2, role: 3, fen: 0, state: 2, ...none },
    { merchant, number: 2, version: 1, role: 1, fen: 0, state: 1, ...none },
  ])
})

test('those who go with their merchant’s key are removed in the journal too', async () => {
  await putUser(1, 'cashier')
  await putUser(2, 'cashier')
  const institution = headOf({ signer: signers.institution, principal: 1, actor: 1, id: followed.town.id() })
  const change = { wallet: shop.number, cause: keyCauses.revoke, algorithm: 0, key: new Uint8Array(33) }
  await followed.town.command(1, 'walletKey', { ...institution, ...change }, edge)
  await followed.caughtUp()
  const rows = await followed.sql`select state from merchant_users`
  expect(rows.map(({ state }) => state)).toEqual([2, 2])
})
