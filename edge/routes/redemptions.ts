import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { visibleWallet } from './caller.ts'
import { idIn, runCommand } from './commandDesk.ts'
import { amountField, commandIdField, walletIdField } from './fields.ts'
import { chooseLink } from './linkedAccounts.ts'
import { operation } from './operation.ts'
import {
  pendingBody,
  refusedMembers,
  runSaga,
  sagaAnswer,
  sagaEnd,
  sagaFieldOf,
  sagaLinkFields,
  showSaga,
} from './recharges.ts'
import { requestDigest } from './requestDigest.ts'
import { sagaSchema } from './sagas.ts'

const answer = sagaSchema('RedemptionResponse')

export const redeem = operation({
  name: 'redeem',
  method: 'post',
  path: '/v1/redemptions',
  tag: 'redemptions',
  summary: 'Redeem digital yuan into a linked account',
  description: 'The wallet is debited, the central bank burns, the bank pays out. What is refused outside comes back.',
  callers: ['wallet'],
  body: z
    .strictObject({ tx_id: commandIdField, wallet_id: walletIdField, ...sagaLinkFields, amount: amountField })
    .openapi('RedemptionRequest'),
  messages: { request: 'RedemptionRequest', answer: 'RedemptionResponse' },
  answers: {
    200: { description: 'Paid out', schema: answer },
    202: { description: 'Pending at the bank', schema: answer },
  },
  async run({ caller, origin, body }, services) {
    const { gateway, vault } = services
    const id = idIn(body.tx_id, 'tx_id')
    const { result } = await visibleWallet(gateway, caller, body.wallet_id, 'owner')
    const wallet = result.number
    const link = chooseLink(result.links, body.link_id, body.account_no, vault)
    const txId = commandIdText(id)
    const instance = `/v1/redemptions/${txId}`
    const fieldOf = sagaFieldOf
    const membersOf = refusedMembers(txId, body.wallet_id, body.amount)
    const pending = pendingBody(txId, body.wallet_id, body.amount)
    const digest = requestDigest('redemptionRequest', { wallet, amount: body.amount, link })
    const fields = { wallet, amount: body.amount, link }
    const told = { instance, fieldOf, membersOf, pending }
    const plan = { op: 'redemptionRequest', caller, origin, id, digest, fields, ...told } as const
    await runSaga(services, 'redemption', wallet, id, () => runCommand(gateway, gateway.shardOf(wallet), plan))
    const state = await sagaEnd(services, wallet, id, body.amount, instance, pending)
    return sagaAnswer(state, body.wallet_id, id, instance)
  },
})

export const redemptionOperations = [redeem, showSaga('redemption', '/v1/redemptions', answer, 'RedemptionResponse')]
