import { expect, test } from 'vitest'
import { encodeCommand, joinBodies } from './frameBuilder.ts'
import { bucketCount, walletKinds } from './ids.ts'
import { frameKinds, keyAlgorithms } from './records.ts'
import { Town } from './town.fixture.ts'
import { viewStateBytes } from './views.ts'

test('a wallet with its user takes at most 160 bytes of state, however full its shard is', () => {
  const shards = 16
  const buckets = Array.from({ length: bucketCount / shards }, (_, n) => n * shards)
  const t = new Town({ shards, walletsMax: 8 * buckets.length, idsMax: 16 * buckets.length })
  const key = new Uint8Array(33).fill(2)
  const fields = { class: 1, kind: walletKinds.personal, algorithm: keyAlgorithms.ecdsaP256, key }
  for (let round = 0; round < 8; round++) {
    const users = buckets.map((bucket) => encodeCommand('userOpen', { ...t.byInstitution(), bucket, kyc: 1 }))
    const opened = t.submit(0, joinBodies(users), frameKinds.commands, users.length).answers
    const wallets = opened.map(({ value }) =>
      encodeCommand('walletOpen', { ...t.byInstitution(), ...fields, user: value }),
    )
    t.submit(0, joinBodies(wallets), frameKinds.commands, wallets.length)
    const { state } = t.shards[0]!.ledger
    expect(state.wallets.count).toBe((round + 1) * buckets.length)
    expect(viewStateBytes(state) / state.wallets.count).toBeLessThanOrEqual(160)
  }
})
