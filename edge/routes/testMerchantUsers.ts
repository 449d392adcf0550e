import { newId, newWalletKey, subUserSigner } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import type { Role } from './caller.ts'
import type { TestApi, TestWallet } from './testApi.ts'
import type { SampleOf } from './testOperations.ts'

export const usersPath = ({ walletId }: TestWallet, tail = ''): string => `/v1/merchants/${walletId}/users${tail}`

/** What a merchant asks for when it gives somebody a new key. */
export function subUserOf(role: Role, changes: object = {}): Record<string, unknown> {
  const limit = role === 'refunder' ? { refund_limit: '0.50' } : {}
  const key = { public_key: newWalletKey().publicKeyHex }
  return { role, ...key, ...limit, label: '收银台 2', request_id: newId(), ...changes }
}

/** Gives a merchant's sub-user a key, and signs with it. */
export async function openSubUser(
  api: TestApi,
  merchant: TestWallet,
  userNo: number,
  role: Role,
  changes: object = {},
): Promise<RequestSigner> {
  const key = newWalletKey()
  const json = subUserOf(role, { public_key: key.publicKeyHex, ...changes })
  const told = await api.ask('PUT', usersPath(merchant, `/${userNo}`), { by: merchant.signer, json })
  if (told.status !== 200) throw new Error(`no sub-user was entered: ${JSON.stringify(told.body)}`)
  return subUserSigner(merchant.walletId, userNo, key)
}

/** Good requests about a merchant's sub-users. */
export const merchantUserSamples: Readonly<Record<string, SampleOf>> = {
  putMerchantUser: {
    by: 'own',
    sample: (_, own) => ({ path: usersPath(own, '/2'), json: subUserOf('refunder') }),
  },
  listMerchantUsers: {
    by: 'own',
    sample: async (api, own) => {
      await openSubUser(api, own, 2, 'refunder')
      return { path: usersPath(own) }
    },
  },
  showMerchantUser: {
    by: 'own',
    sample: (api, own) => {
      const of = { number: 2, role: 'refunder', limit: 50, changedMs: Date.now(), label: undefined } as const
      api.merchantUsers = [
        { ...of, version: 2, removed: false },
        { ...of, version: 1, removed: true },
      ]
      return { path: usersPath(own, '/2') }
    },
  },
  removeMerchantUser: {
    by: 'own',
    sample: async (api, own) => {
      await openSubUser(api, own, 2, 'cashier')
      return { path: usersPath(own, '/2') }
    },
  },
}
