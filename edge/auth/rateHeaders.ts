/** How much of a limit a caller has left, in one of its windows. */
export type Standing = {
  readonly policy: string
  readonly quota: number
  readonly windowS: number
  readonly remaining: number
  /** Seconds until the whole quota is there again. */
  readonly resetS: number
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: what the policies are, and what is left of each. */
export function rateHeaders(standings: readonly Standing[]): Record<'ratelimit-policy' | 'ratelimit', string> {
  let [policies, left] = ['', '']
  for (const { policy, quota, windowS, remaining, resetS } of standings) {
    const comma = policies === '' ? '' : ', '
    policies += `${comma}"${policy}";q=${quota};w=${windowS}`
    left += `${comma}"${policy}";r=${remaining};t=${resetS}`
  }
  return { 'ratelimit-policy': policies, ratelimit: left }
}
