import type { DrillResult, Recovery } from '../result.ts'
import { recoveryNotes } from './figures.ts'
import { clock, count, escaped, span, table, yuan } from './markup.ts'
import { style } from './style.ts'
import { timelineChart } from './timelineChart.ts'

const listedMax = 200
const verdictWords = { pass: 'Passed', fail: 'Failed', unknown: 'Not demonstrated' } as const
const checkWords = { pass: 'met', fail: 'not met', unknown: 'not demonstrated' } as const

/** The report of one drill as a page that needs nothing but itself. */
export function drillPage(result: DrillResult): string {
  const { name, title, claim, verdict, startedAt, seconds, regions } = result
  const about = `${escaped(title)}. ${escaped(claim)}`
  const where = regions.length === 1 ? `region ${regions[0]}` : `regions ${regions.join(' and ')}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drill ${escaped(name)}: ${verdictWords[verdict].toLowerCase()}</title><style>${style}</style></head>
<body><main>
<header><div><h1>Failover drill: ${escaped(name)}</h1><p>${about}</p>
<p>${startedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${Math.round(seconds)} s, ${where}, ${count(result.perSecond)} payments a second asked for</p></div>
<div class="verdict ${verdict}">${verdictWords[verdict]}</div></header>
${tiles(result)}
<section><h2>What customers saw</h2>${result.payments.length === 0 ? '<p>Nothing was asked for.</p>' : timelineChart(result)}</section>
${recoverySection(result)}
${moneySection(result)}
<section><h2>What had to hold</h2>${table(
    ['', 'Check', 'Found'],
    result.checks.map(({ name: what, verdict: found, detail }) => [
      `<span class="word ${found}">${checkWords[found]}</span>`,
      `<span class="what">${escaped(what)}</span>`,
      escaped(detail),
    ]),
  )}</section>
${lostSection(result)}
<section><h2>What happened</h2>${table(
    ['Time', '', 'Event'],
    result.events.map(({ atMs, kind, text }) => [
      clock(atMs),
      `<span class="kind ${kind}">${kind}</span>`,
      escaped(text),
    ]),
  )}</section>
<section><h2>Measured</h2>${table(
    ['Figure', 'Value'],
    Object.entries(result.figures).map(([figure, value]) => [escaped(figure), count(value)]),
  )}<p class="legend">${recoveryNotes.map(escaped).join('<br>')}</p>
<p>Run it again: <code>npx jiaozi drill run ${escaped(name)}</code></p></section>
<footer>Every payment and every answer it got stands beside this page, as lines of JSON.</footer>
</main></body></html>
`
}

function tiles({ sets, money, recovery }: DrillResult): string {
  const difference = money.length === 0 ? undefined : Math.max(...money.map(({ differenceFen }) => differenceFen))
  const lostFen = sets?.lost.reduce((sum, { fen }) => sum + fen, 0) ?? 0
  const zero = (text: string, value: number | undefined, label: string): string =>
    `<div class="tile ${value === 0 ? 'good' : value === undefined ? '' : 'bad'}"><b>${value === undefined ? '–' : text}</b><span>${label}</span></div>`
  const plain = (text: string, label: string): string => `<div class="tile"><b>${text}</b><span>${label}</span></div>`
  return `<section class="tiles">
${zero(count(sets?.lost.length ?? 0), sets?.lost.length, `acknowledged and lost (RPO), ${yuan(lostFen)}`)}
${zero(count(sets?.doubled.length ?? 0), sets?.doubled.length, 'took effect twice')}
${zero(yuan(difference ?? 0), difference, 'difference in the books')}
${plain(span(recovery?.recoveryMs), 'clients without service (RTO)')}
${recovery?.afterWordMs === undefined ? '' : plain(span(recovery.afterWordMs), 'after the word')}
${plain(count(sets?.answered ?? 0), 'payments answered')}
</section>`
}

const partNames = { detectMs: 'detect', decideMs: 'decide', fenceMs: 'fence', serveMs: 'serve' } as const
const partColours = {
  detectMs: 'var(--unknown)',
  decideMs: 'var(--p99)',
  fenceMs: 'var(--accent)',
  serveMs: 'var(--calm)',
}

function recoverySection({ recovery, baseline }: DrillResult): string {
  if (recovery === undefined) return ''
  const bound = baseline === undefined ? '' : ` A probe counts as late after ${span(baseline.lateMs)}.`
  return `<section><h2>Recovery, as clients saw it: ${span(recovery.recoveryMs)}</h2>${partsBar(recovery)}${table(
    ['Shard', 'First late probe', 'Served again', 'After the fault', 'Late probes'],
    recovery.outages.map(({ shard, beganMs, servedMs, recoveryMs, lateProbes }) => [
      `shard ${shard}`,
      beganMs === undefined ? 'none was late' : clock(beganMs),
      Number.isFinite(servedMs) ? clock(servedMs) : 'never',
      span(recoveryMs),
      count(lateProbes),
    ]),
  )}<p class="legend">Without a late probe, the time is the longest that any of them waited.${bound}</p></section>`
}

/** The parts of the recovery, one behind the other. */
function partsBar({ steps, recoveryMs }: Recovery): string {
  if (!Number.isFinite(recoveryMs) || recoveryMs <= 0) return ''
  let x = 0
  const parts = (Object.keys(partNames) as (keyof typeof partNames)[]).flatMap((part) => {
    const ms = steps[part]
    if (ms === undefined || !Number.isFinite(ms)) return []
    const wide = (ms / recoveryMs) * 1_080
    const label = wide > 90 ? `<text x="${x + 8}" y="21" style="fill:#fff">${partNames[part]} ${span(ms)}</text>` : ''
    const box = `<rect x="${x}" y="4" width="${Math.max(1, wide - 2)}" height="26" rx="4" fill="${partColours[part]}"><title>${partNames[part]} ${span(ms)}</title></rect>${label}`
    x += wide
    return [box]
  })
  const words = (Object.keys(partNames) as (keyof typeof partNames)[]).map(
    (part) =>
      `<span class="key" style="background:${partColours[part]}"></span>${partNames[part]} ${span(steps[part])}`,
  )
  return `<svg viewBox="0 0 1080 34" role="img" aria-label="Parts of the recovery">${parts.join('')}</svg><p class="legend">${words.join(' ')}</p>`
}

function moneySection({ money }: DrillResult): string {
  if (money.length === 0)
    return '<section><h2>Money</h2><p class="statement unknown">It was not shown that money is conserved.</p></section>'
  const held = money.every(({ differenceFen }) => differenceFen === 0)
  const statement = held
    ? 'Money is conserved: in every region wallets, transit and issuance add up, and nothing came or went but what was issued and redeemed.'
    : 'Money is NOT conserved: the books differ.'
  return `<section><h2>Money</h2><p class="statement ${held ? 'pass' : 'fail'}">${statement}</p>${table(
    ['Region', 'Opening', 'Issued', 'Redeemed', 'Closing', 'Difference'],
    money.map((one) => [
      escaped(one.region),
      yuan(one.openingFen),
      yuan(one.issuedFen),
      yuan(one.redeemedFen),
      yuan(one.closingFen),
      yuan(one.differenceFen),
    ]),
  )}</section>`
}

function lostSection({ sets, possiblyLost }: DrillResult): string {
  const lists = [
    ['Possibly lost, as two operators accepted', possiblyLost],
    [
      'Acknowledged and lost',
      (sets?.lost ?? []).filter(({ id }) => !possiblyLost.some((accepted) => accepted.id === id)),
    ],
    ['Took effect twice', sets?.doubled ?? []],
    ['Answered in two ways', sets?.contradicted ?? []],
  ] as const
  return lists
    .filter(([, all]) => all.length > 0)
    .map(
      ([title, all]) =>
        `<section><h2>${title}: ${count(all.length)}</h2>${table(
          ['Payment', 'Amount', 'Found'],
          all.slice(0, listedMax).map(({ id, fen, detail }) => [escaped(id), yuan(fen), escaped(detail)]),
        )}</section>`,
    )
    .join('\n')
}
