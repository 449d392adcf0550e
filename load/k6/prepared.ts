import type { PreparedRequest } from '../profiles/preparedRequests.ts'
import type { ProfileName } from '../profiles/profiles.ts'

/** What `npm run load:prepare` writes and the k6 scripts read. */
export type Prepared = {
  readonly profile: ProfileName
  /** Of each region that the profile is for; request n was signed for the edge n modulo their count. */
  readonly edgeUrls: readonly string[]
  readonly ratePerSecond: number
  readonly seconds: number
  /** Ids and signatures were made for a run that begins now. */
  readonly startsAtMs: number
  readonly requests: readonly PreparedRequest[]
}
