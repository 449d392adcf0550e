import { z } from 'zod'
import { NotReachable } from './exitCodes.ts'

export type OpenedAccount = { accountNo: string; authToken: string }

const opened = z.object({
  accounts: z.array(z.object({ account_no: z.string(), auth_token: z.string() })).length(1),
})

/**
 * Opens an account at the sandbox bank of a development region.
 * @param balance yuan as decimal text
 * @throws NotReachable when the sandbox bank does not answer as it should; an account that it opened then is not used
 */
export async function openSandboxAccount(
  bankUrl: string,
  kind: string,
  balance: string,
  timeoutMs: number,
): Promise<OpenedAccount> {
  let answer: unknown
  try {
    const response = await fetch(new URL('/account-batches', bankUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ accounts: [{ kind, balance }] }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    answer = await response.json()
  } catch (error) {
    throw new NotReachable(`the sandbox bank opened no account: ${(error as Error).message}`)
  }
  const read = opened.safeParse(answer)
  if (!read.success) throw new NotReachable('the sandbox bank answered something else')
  const { account_no, auth_token } = read.data.accounts[0]!
  return { accountNo: account_no, authToken: auth_token }
}
