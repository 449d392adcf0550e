import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Accounts } from './accounts.ts'
import { Digest } from './digest.ts'

const rowBytes = new Accounts(1).rowBytes
/** Where the row keeps what it last counted for in the digest. */
const isHash = (at: number): boolean => at >= 40 && at < 48

function digestOf(row: Uint8Array): string {
  const accounts = new Accounts(1)
  accounts.load(1, new Map([['accounts', row]]))
  const digest = new Digest(Uint8Array.from({ length: 16 }, (_, i) => i))
  accounts.settleAll(digest)
  accounts.hashUnderWay(digest, 0, 1)
  return digest.text()
}

test('every byte of an account counts in the digest, and what it counted for before does not', () => {
  const rows = fc.uint8Array({ minLength: rowBytes, maxLength: rowBytes })
  fc.assert(
    fc.property(rows, fc.nat(rowBytes - 1), fc.integer({ min: 1, max: 255 }), (row, at, change) => {
      const changed = row.slice()
      changed[at]! ^= change
      expect([at, digestOf(changed) === digestOf(row)]).toEqual([at, isHash(at)])
    }),
    { numRuns: 1_000 },
  )
})

test('what is written of a wallet is read back, and changes nothing else of it nor of its neighbours', () => {
  const fen = fc.maxSafeNat()
  const u16 = fc.nat(0xffff)
  const u8 = fc.nat(0xff)
  const use = fc.tuple(u16, u16, fen, fen)
  const wallet = fc.record({
    balance: fen,
    pendingIn: fen,
    use,
    owner: fc.tuple(u8, u8),
    risk: u8,
    state: fc.nat(2),
    standing: fc.nat(2),
    held: fen,
    holds: fc.tuple(fc.nat(0xffff_ffff), u8),
    mandates: u8,
    openSagas: u16,
  })
  fc.assert(
    fc.property(fc.array(wallet, { minLength: 3, maxLength: 3 }), (wallets) => {
      const accounts = new Accounts(3)
      const digest = new Digest(new Uint8Array(16))
      for (const [row, w] of wallets.entries()) {
        accounts.setOpenSagas(row, w.openSagas)
        accounts.setHolds(row, ...w.holds)
        accounts.setMandates(row, w.mandates)
        accounts.setHeld(row, w.held)
        accounts.setStanding(row, 3)
        accounts.setState(row, w.state)
        accounts.setStanding(row, w.standing)
        accounts.setRisk(row, w.risk)
        accounts.setOwner(row, ...w.owner)
        accounts.setUse(row, ...w.use)
        accounts.setPendingIn(row, w.pendingIn)
        accounts.setBalance(row, w.balance)
        accounts.settle(digest, row)
      }
      const read = wallets.map((_, row) => ({
        balance: accounts.balance(row),
        pendingIn: accounts.pendingIn(row),
        use: [accounts.lastDay(row), accounts.dayPayments(row), accounts.dayOut(row), accounts.yearOut(row)],
        owner: [accounts.institution(row), accounts.class(row)],
        risk: accounts.risk(row),
        state: accounts.state(row),
        standing: accounts.standing(row),
        held: accounts.held(row),
        holds: [accounts.firstHold(row), accounts.openHolds(row)],
        mandates: accounts.mandates(row),
        openSagas: accounts.openSagas(row),
      }))
      expect(read).toEqual(wallets)
    }),
  )
})
