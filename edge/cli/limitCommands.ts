import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { limitArgument, timeArgument, wholeArgument } from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import { reasonOption } from './riskCommands.ts'
import { textTable } from './textTable.ts'
import { requestIdOption } from './walletCommands.ts'

type ClassLimits = { class: number; effective_at: string } & Record<LimitName, string | null>
type RiskRule = {
  level: number
  effective_at: string
  percent: number
  recharges_per_day_max: number
  payments_per_day_max: number
}
type Limits = { classes: ClassLimits[]; risk_levels: RiskRule[] }

const limitNames = ['balance', 'single', 'day', 'year'] as const
type LimitName = (typeof limitNames)[number]
type SetOptions = { [name in LimitName]?: string | null } & { reason: string; effectiveAt?: string; requestId?: string }

type RiskOptions = {
  percent?: number
  rechargesPerDay?: number
  paymentsPerDay?: number
  reason: string
  effectiveAt?: string
  requestId?: string
}

export function addLimitCommands(program: Command, register: Register): void {
  const limits = program.command('limits').description('limits by wallet class, and what risk levels leave of them')
  const show = limits.command('show').description('all versions of the limits; * is in force')
  register(show, async ({ session }) => {
    const { body } = await session.call(session.operator(), 'GET', '/v1/limits')
    return { body, text: limitsText(body as unknown as Limits, Date.now()) }
  })

  const put = limits
    .command('set')
    .argument('<class>', 'wallet class 1-4, or 0 for corporate wallets', (text) => String(classArgument(text)))
    .description('set limits of a wallet class; what is not given stays as it is in force')
    .option('--balance <yuan>', 'most that a wallet may hold, or none', limitArgument)
    .option('--single <yuan>', 'most of one payment, or none', limitArgument)
    .option('--day <yuan>', 'most that leaves in a day, or none', limitArgument)
    .option('--year <yuan>', 'most that leaves in a year, or none', limitArgument)
    .option('--effective-at <time>', 'from when on (default: now)', timeArgument)
    .addOption(reasonOption())
    .addOption(requestIdOption())
  register<SetOptions>(put, setLimits)

  const risk = limits
    .command('risk')
    .argument('<level>', 'risk level 0-3', (text) => String(levelArgument(text)))
    .description('set what a risk level means; what is not given stays as it is in force')
    .option('--percent <n>', 'share of the single and day limits that is left', wholeArgument(0, 100))
    .option('--recharges-per-day <n>', 'most recharges in a day', wholeArgument(0, 65_535))
    .option('--payments-per-day <n>', 'most payments in a day', wholeArgument(0, 65_535))
    .option('--effective-at <time>', 'from when on (default: now)', timeArgument)
    .addOption(reasonOption())
    .addOption(requestIdOption())
  register<RiskOptions>(risk, setRisk)

  const recovery = limits
    .command('recovery')
    .argument('<minutes>', 'how long who has the old key may object to a new one, 0 not at all', (text) =>
      String(minutesArgument(text)),
    )
    .description('set how long recoveries of wallets wait that begin from a date on')
    .option('--effective-at <time>', 'from when on (default: now)', timeArgument)
    .addOption(reasonOption())
    .addOption(requestIdOption())
  register<{ reason: string; effectiveAt?: string; requestId?: string }>(
    recovery,
    async ({ args, options, session, tell }) => {
      const { reason, effectiveAt, requestId = newId() } = options
      tell(`request ${requestId}`)
      const asked = { minutes: Number(args[0]), effective_at: effectiveAt, reason, request_id: requestId }
      const body = await session.change(session.operator(), 'PUT', '/v1/limits/recoveries', asked)
      return { body, text: `recoveries wait ${args[0]} minutes from ${effectiveAt ?? 'now'} on` }
    },
  )
}

const classArgument = wholeArgument(0, 4)
const levelArgument = wholeArgument(0, 3)
const minutesArgument = wholeArgument(0, 43_200)

/** Of several versions the one with the latest date that has come. The API lists the oldest first. */
export function inForce<T extends { effective_at: string }>(versions: readonly T[], atMs: number): T | undefined {
  let found: T | undefined
  for (const version of versions) {
    const fromMs = Date.parse(version.effective_at)
    if (fromMs <= atMs && (found === undefined || fromMs >= Date.parse(found.effective_at))) found = version
  }
  return found
}

/** A date in the future must not make a change of now out of what is only to come: the past of that date counts. */
const momentOf = (effectiveAt: string | undefined): number =>
  effectiveAt === undefined ? Date.now() : Math.max(Date.now(), Date.parse(effectiveAt))

async function setLimits({ args: [group], options, session, tell }: Asked<SetOptions>): Promise<Answer> {
  if (limitNames.every((name) => options[name] === undefined)) {
    throw new BadInput('give at least one of --balance, --single, --day, --year')
  }
  const operator = session.operator()
  const all = (await session.call(operator, 'GET', '/v1/limits')).body as unknown as Limits
  const versions = all.classes.filter((limits) => limits.class === Number(group))
  const current = inForce(versions, momentOf(options.effectiveAt))
  const values = limitNames.map((name) => {
    const value = options[name] === undefined ? current?.[name] : options[name]
    if (value === undefined) throw new BadInput(`class ${group} has no limits yet: give --${name}`)
    return [name, value] as const
  })
  const { reason, effectiveAt, requestId = newId() } = options
  tell(`request ${requestId}`)
  const asked = {
    class: Number(group),
    effective_at: effectiveAt,
    ...Object.fromEntries(values),
    reason,
    request_id: requestId,
  }
  const body = await session.change(operator, 'PUT', '/v1/limits', asked)
  const rows = [[String(group), ...values.map(([, value]) => value ?? 'none'), effectiveAt ?? 'now']]
  const text = textTable({ head: ['class', ...limitNames, 'from'], rows, right: [1, 2, 3, 4] })
  return { body, text }
}

async function setRisk({ args: [level], options, session, tell }: Asked<RiskOptions>): Promise<Answer> {
  const { percent, rechargesPerDay, paymentsPerDay, reason, effectiveAt, requestId = newId() } = options
  if (percent === undefined && rechargesPerDay === undefined && paymentsPerDay === undefined) {
    throw new BadInput('give at least one of --percent, --recharges-per-day, --payments-per-day')
  }
  const operator = session.operator()
  const all = (await session.call(operator, 'GET', '/v1/limits')).body as unknown as Limits
  const versions = all.risk_levels.filter((rule) => rule.level === Number(level))
  const current = inForce(versions, momentOf(effectiveAt))
  const asked = {
    level: Number(level),
    effective_at: effectiveAt,
    percent: percent ?? current?.percent,
    recharges_per_day_max: rechargesPerDay ?? current?.recharges_per_day_max,
    payments_per_day_max: paymentsPerDay ?? current?.payments_per_day_max,
    reason,
    request_id: requestId,
  }
  tell(`request ${requestId}`)
  const body = await session.change(operator, 'PUT', '/v1/limits/risk-levels', asked)
  return { body, text: `risk level ${level} is set from ${effectiveAt ?? 'now'} on` }
}

function limitsText({ classes, risk_levels: risks }: Limits, nowMs: number): string {
  const mark = (current: boolean): string => (current ? '*' : '')
  const classRows = classes.map((one) => {
    const current = inForce(
      classes.filter((other) => other.class === one.class),
      nowMs,
    )
    const values = limitNames.map((name) => one[name] ?? 'none')
    return [String(one.class), ...values, one.effective_at, mark(current === one)]
  })
  const riskRows = risks.map((one) => {
    const current = inForce(
      risks.filter((other) => other.level === one.level),
      nowMs,
    )
    const values = [one.level, one.percent, one.recharges_per_day_max, one.payments_per_day_max].map(String)
    return [...values, one.effective_at, mark(current === one)]
  })
  const limits = textTable({ head: ['class', ...limitNames, 'from', ''], rows: classRows, right: [1, 2, 3, 4] })
  const head = ['risk level', 'percent', 'recharges a day', 'payments a day', 'from', '']
  return `${limits}\n\n${textTable({ head, rows: riskRows, right: [1, 2, 3] })}`
}
