import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RegionFacts } from '../../../deploy/runningRegion.ts'
import { createClient, newId, nodeExchange, principalSigner } from '../../../edge/client/node.ts'

/** Far above those that an installation gives to people. */
const secondNumber = 250
const patience = { triesMax: 10, timeoutMs: 5_000, pauseMinMs: 100, pauseMaxMs: 1_000 }

export type Operator = { readonly number: number; readonly key: KeyObject }
export type Word = { readonly operator: number; readonly signature: string }

/** The installation's own operator, and one more who is entered for the drill. `retire` takes that one's rights. */
export async function twoOperators(
  facts: Pick<RegionFacts, 'edgeUrl' | 'caFile' | 'operatorKeyFile'>,
): Promise<{ operators: readonly [Operator, Operator]; retire: () => Promise<void> }> {
  const pem = readFileSync(facts.operatorKeyFile, 'utf8')
  const client = createClient(facts.edgeUrl, nodeExchange(facts.edgeUrl, readFileSync(facts.caFile), 1), patience)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const publicKeyHex = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('hex')
  const enter = async (active: boolean): Promise<void> => {
    const principal = { role: 'operator', number: secondNumber, active, public_key: publicKeyHex }
    await client.call(principalSigner('operator:1', pem), 'PUT', '/v1/principals', {
      ...principal,
      reason: 'the second person of a drill',
      request_id: newId(),
    })
  }
  await enter(true)
  const operators = [
    { number: 1, key: createPrivateKey(pem) },
    { number: secondNumber, key: privateKey },
  ] as const
  return { operators, retire: () => enter(false) }
}

/** What an operator signs so that a region may go on without what only the other one knew. */
export function lossWord({ number, key }: Operator, shard: number, epoch: number, region: string): Word {
  const text = `jiaozi-accept-loss-v1\nshard ${shard}\nepoch ${epoch}\nregion ${region}\n`
  return { operator: number, signature: sign(null, Buffer.from(text), key).toString('base64url') }
}
