import { keyAlgorithms } from './records.ts'
import type { State } from './state.ts'

const { ecdsaP256, sm2, webauthnP256 } = keyAlgorithms

/** Compressed points begin with 2 or 3; the edge has checked that the point is on its curve. */
export const isKey = (algorithm: number, key: Uint8Array): boolean =>
  (algorithm === ecdsaP256 || algorithm === webauthnP256 || algorithm === sm2) && (key[0] === 2 || key[0] === 3)

/** Zeros are no point: nothing verifies under them. */
export const noKey = new Uint8Array(33)

/** The old key is dead from this position of the log on. */
export function replaceKey(s: State, row: number, algorithm: number, key: Uint8Array): void {
  s.wallets.hashRow(s.digest, row, -1)
  s.wallets.at.key.set(key, row * 33)
  s.wallets.at.algorithm[row] = algorithm
  s.wallets.at.keyVersion[row]! += 1
  s.wallets.hashRow(s.digest, row, 1)
}
