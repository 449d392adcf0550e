import type { Totals } from './readRegion.ts'

/** A statement that money is conserved, for one region: everything was issued, and what was issued is somewhere. */
export type MoneyStatement = {
  readonly region: string
  readonly openingFen: number
  readonly issuedFen: number
  readonly redeemedFen: number
  readonly closingFen: number
  /** Of wallets, transit and issuance; of opening, issued, redeemed and closing. Never less than what is amiss. */
  readonly differenceFen: number
}

/**
 * At rest wallets + transit + redemptions under way = issuance, and what wallets hold has changed by nothing but what was
 * issued and redeemed since the drill began.
 */
export function moneyStatement(before: Totals, after: Totals): MoneyStatement {
  const issued = after.issuanceFen - before.issuanceFen
  const inside = Math.abs(after.issuanceFen - after.redeemingFen - after.walletsFen)
  const change = Math.abs(after.walletsFen + after.redeemingFen - before.walletsFen - before.redeemingFen - issued)
  return {
    region: after.region,
    openingFen: before.walletsFen + before.redeemingFen,
    issuedFen: Math.max(0, issued),
    redeemedFen: Math.max(0, -issued),
    closingFen: after.walletsFen + after.redeemingFen,
    differenceFen: Math.max(inside, change),
  }
}

/** Shards of which two regions do not hold the same bytes at the same place of the log. */
export function differingShards([first, ...others]: readonly Totals[]): string[] {
  if (first === undefined) return []
  return others.flatMap((other) =>
    first.shards.flatMap((mine, shard) => {
      const its = other.shards[shard]
      if (its === undefined) return [`${other.region} says nothing of shard ${shard}`]
      const here = `${first.region} at ${mine.seq}`
      const there = `${other.region} at ${its.seq}`
      if (mine.seq !== its.seq) return [`shard ${shard}: ${here}, ${there}`]
      const same = mine.digest === its.digest && mine.chain === its.chain && mine.walletsFen === its.walletsFen
      return same ? [] : [`shard ${shard} at ${mine.seq}: ${first.region} and ${other.region} hold different bytes`]
    }),
  )
}
