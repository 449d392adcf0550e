import { check, sleep } from 'k6'
import { SharedArray } from 'k6/data'
import exec from 'k6/execution'
import http, { type RefinedResponse } from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import type { Options } from 'k6/options'
import type { PreparedRequest } from '../profiles/preparedRequests.ts'
import { type Profile, warmUpMs } from '../profiles/profiles.ts'
import { optionsOf } from './options.ts'
import type { Prepared } from './prepared.ts'
import { type SummaryData, summaryOf } from './summary.ts'

type Head = Omit<Prepared, 'requests'>

/** One script's exports, as k6 looks for them. */
export type Script = {
  readonly options: Options
  readonly setup: () => void
  readonly iteration: () => void
  readonly handleSummary: (data: SummaryData) => Record<string, string>
}

const timeoutS = 12
const againSeconds = 0.05
const asksMax = 200
/** Signatures of reads and of batches are taken within five minutes of their own time: the last minute is for answers. */
const lateMsMax = 4 * 60_000

/** Builds a profile's script around the requests that were prepared for it; k6 itself signs nothing. */
export function scriptOf(profile: Profile): Script {
  const file = __ENV.PREPARED
  if (!file) throw new Error('PREPARED is not set: -e PREPARED=/path/to/the/file/of/load:prepare')
  // Read once for all users; each would hold a copy of its own otherwise.
  const [head] = new SharedArray<Head>('head', () => {
    const { requests: _, ...rest } = JSON.parse(open(file)) as Prepared
    return [rest]
  })
  const requests = new SharedArray<PreparedRequest>('requests', () => [
    ...(JSON.parse(open(file)) as Prepared).requests,
  ])
  if (head === undefined || head.profile !== profile.name) {
    throw new Error(`${file} was prepared for the profile ${head?.profile}, not for ${profile.name}`)
  }
  const paymentMs = new Trend('payment_ms', true)
  const readMs = new Trend('read_ms', true)
  const unprepared = new Counter('unprepared_iterations')

  return {
    options: optionsOf(profile, head, Date.now()),
    setup() {
      const earlyMs = head.startsAtMs - Date.now()
      if (earlyMs < -lateMsMax) {
        exec.test.abort('the prepared requests are too old: their signatures expire; run load:prepare again')
      }
      if (earlyMs > 0) sleep(earlyMs / 1_000)
    },
    iteration() {
      const n = exec.scenario.iterationInTest
      const request = requests[n]
      if (request === undefined) {
        unprepared.add(1)
        return
      }
      const beganMs = Date.now()
      const response = untilFinal(head.edgeUrls[n % head.edgeUrls.length]!, request)
      const tookMs = Date.now() - beganMs
      if (request.dueMs >= warmUpMs)
        (request.kind === 'balance' ? readMs : paymentMs).add(tookMs, { kind: request.kind })
      const name = `${request.kind} is answered with ${request.status}`
      check(response, { [name]: (answer) => isRight(request, answer) }, { kind: request.kind })
    },
    handleSummary: (data) => summaryOf(profile.name, data, __ENV.SUMMARY),
  }
}

/** Asks again with the same bytes while nothing is decided: the id makes that safe. */
function untilFinal(edgeUrl: string, { kind, method, path, headers, body }: PreparedRequest): RefinedResponse<'text'> {
  for (let asked = 1; ; asked++) {
    const response = http.request(method, edgeUrl + path, body === '' ? null : body, {
      headers: { ...headers },
      timeout: `${timeoutS}s`,
      tags: { kind, name: kind },
      responseType: 'text',
    })
    const { status } = response
    const open = status === 0 || status === 202 || status === 429 || status >= 500
    if (!open || asked >= asksMax) return response
    sleep(Math.max(Number(response.headers['Retry-After'] ?? 0), againSeconds * (1 + Math.random())))
  }
}

function isRight({ kind, status }: PreparedRequest, answer: RefinedResponse<'text'>): boolean {
  if (answer.status !== status) return false
  return kind === 'balance' || kind === 'refused' || answer.body.includes('"status":"completed"')
}
