import { z } from '@hono/zod-openapi'
import { parseWalletId, walletKinds } from '../../actors/ledger/ids.ts'
import { Failure } from './failure.ts'
import { walletIdField } from './fields.ts'
import { operation } from './operation.ts'
import { type ShownName, shownName } from './parties.ts'

const nameStatuses = ['shown', 'none', 'unavailable'] as const

const payee = z
  .object({
    wallet_id: walletIdField,
    kind: z.enum(['personal', 'merchant']),
    class: z.int().openapi({ description: 'Class 1-4 by strength of identification, 0 corporate' }),
    can_receive: z.boolean().openapi({ description: 'False while nothing can be paid into it; why is not told' }),
    name_zh: z.string().optional().openapi({ description: 'What a merchant calls itself' }),
    name_en: z.string().optional(),
    masked_name: z.string().nullable().openapi({ description: "The holder's legal name, masked", example: '**明' }),
    name_status: z.enum(nameStatuses).openapi({
      description: 'none: its institution entered no name; unavailable: names cannot be read now, payments can be made',
    }),
  })
  .openapi('Payee')

const noPayee = (): Failure =>
  new Failure('payee-unknown', { fields: [{ field: 'wallet_id', message: 'nobody can be paid under this id' }] })

function nameBody({ status, masked, zh, en }: ShownName): Record<string, unknown> {
  const merchant = { ...(zh === undefined ? {} : { name_zh: zh }), ...(en === undefined ? {} : { name_en: en }) }
  return { ...merchant, masked_name: masked ?? null, name_status: status }
}

export const showPayee = operation({
  name: 'showPayee',
  method: 'get',
  path: '/v1/payees/{wallet_id}',
  tag: 'payees',
  summary: 'Whom a payment to this wallet would reach',
  description:
    "The holder's name, masked, to be compared before paying. A closed wallet is answered like one that never was. Each caller may look up few wallets a minute.",
  callers: ['wallet', 'institution', 'operator'],
  budget: 'lookup',
  params: z.object({ wallet_id: walletIdField }),
  messages: { answer: 'Payee' },
  answers: { 200: { description: 'Who is paid', schema: payee } },
  async run({ params: { wallet_id } }, services) {
    const number = parseWalletId(wallet_id)?.number ?? 0
    const { result } = await services.gateway.ask(number, { type: 'wallet', number })
    if (result === null || result.walletId !== wallet_id || result.state === 'closed') throw noPayee()
    const kind = result.kind === walletKinds.merchant ? 'merchant' : 'personal'
    const name = nameBody(await shownName(services, result))
    const body = { wallet_id, kind, class: result.class, can_receive: result.state === 'open', ...name }
    return { status: 200, body }
  },
})

export const payeeOperations = [showPayee]
