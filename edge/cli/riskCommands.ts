import { type Command, Option } from 'commander'
import { newId } from '../client/node.ts'
import { limitArgument, timeArgument, walletIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption } from './walletCommands.ts'

const kinds = ['payer-frequency', 'device-frequency', 'merchant-frequency', 'habit', 'new-device', 'new-linked-account']
const causes = ['fraud', 'complaints', 'authority', 'institution', 'resolved', 'other']
const countMax = 1_000_000_000

type RuleOptions = {
  window?: string
  paymentsMax?: number
  factor?: number
  amount?: string | null
  ageSeconds?: number
  effectiveAt?: string
}
type PutOptions = RuleOptions & { reason: string; propose?: boolean; requestId?: string }
type Rule = Readonly<Record<string, string | number | boolean | null | undefined>>

export const reasonOption = (): Option =>
  new Option('--reason <text>', 'why; everybody finds it in the log').makeOptionMandatory()
const proposeOption = (): Option =>
  new Option('--propose', 'ask a second operator to agree, where one is needed (see: proposal)')

export function addRiskCommands(program: Command, register: Register): void {
  const risk = program.command('risk').description('rules that judge payments before money moves, and who may be paid')
  register(risk.command('rules').description('all versions of the rules; * is in force'), async ({ session }) => {
    const { body } = await session.call(session.operator(), 'GET', '/v1/risk-rules')
    const { rules, rule_version, second_person_required } = body as unknown as Record<string, never> & { rules: Rule[] }
    const rows = rules.map((one) => [one.in_force ? '*' : '', one.kind, one.action, valuesOf(one), one.effective_at])
    const table = textTable({
      head: ['', 'rule', 'action', 'values', 'from'],
      rows: rows.map((row) => row.map(String)),
    })
    const needed = second_person_required ? 'a second operator' : 'one operator'
    return { body, text: `${table}\n\nversion ${rule_version}; a change needs ${needed}` }
  })
  addSetCommand(risk, register)
  addStandingCommands(risk, register)

  const two = risk
    .command('second-person')
    .addArgument(
      program.createArgument('<required>', 'whether a change needs a second operator').choices(['on', 'off']),
    )
    .description('say whether a change of rules needs a second operator')
    .addOption(reasonOption())
    .addOption(proposeOption())
    .addOption(requestIdOption())
  register<PutOptions>(two, async ({ args: [on], options, session, tell }) => {
    const said = { required: on === 'on' }
    return send({ session, tell }, options, { path: '/v1/risk-rules/second-person', change: 'second_person', said })
  })
}

function valuesOf(rule: Rule): string {
  const { window, payments_max, factor, amount, age_seconds } = rule
  const shown = [
    payments_max === undefined ? '' : `${payments_max} payments in ${window}`,
    factor === undefined ? '' : `${factor} times the average`,
    amount === undefined ? '' : `${amount ?? 'any amount of'} yuan`,
    age_seconds === undefined ? '' : `known for ${age_seconds} s`,
  ]
  return shown.filter((text) => text !== '').join(', ')
}

function addSetCommand(risk: Command, register: Register): void {
  const put = risk
    .command('set')
    .addArgument(risk.createArgument('<kind>', 'what it judges').choices(kinds))
    .addArgument(risk.createArgument('<action>', 'what becomes of a payment').choices(['refuse', 'confirm', 'off']))
    .description('set a rule from a date on; what it needs to know is kept from now on')
    .addOption(new Option('--window <length>', 'of a frequency').choices(['10s', '1m', '1h']))
    .option('--payments-max <n>', 'of a frequency: most payments in the window', wholeArgument(0, countMax))
    .option('--factor <n>', 'of a habit: how many times the average is too much', wholeArgument(1, 1_000))
    .option('--amount <yuan>', 'most that a merchant takes, or above which the rule speaks', limitArgument)
    .option('--age-seconds <n>', 'after which a device or linked account is no longer new', wholeArgument(0, countMax))
    .option('--effective-at <time>', 'from when on (default: now)', timeArgument)
    .addOption(reasonOption())
    .addOption(proposeOption())
    .addOption(requestIdOption())
  register<PutOptions>(put, async ({ args: [kind, action], options, session, tell }) => {
    const { window, paymentsMax, factor, amount, ageSeconds, effectiveAt } = options
    const numbers = { payments_max: paymentsMax, factor, age_seconds: ageSeconds }
    const said = {
      kind,
      action,
      window,
      ...numbers,
      amount: amount === null ? 'none' : amount,
      effective_at: effectiveAt,
    }
    return send({ session, tell }, options, { path: '/v1/risk-rules', change: 'risk_rule', said })
  })
}

function addStandingCommands(risk: Command, register: Register): void {
  const put = risk
    .command('standing')
    .argument('<wallet>', 'who is paid', walletIdArgument)
    .addArgument(risk.createArgument('[standing]', 'how it shall stand').choices(['good', 'suspended', 'blacklisted']))
    .description('whether a wallet may be paid; with a standing: say so')
    .addOption(new Option('--cause <cause>', 'why, for statistics').choices(causes).default('other'))
    .option('--reason <text>', 'why; everybody finds it in the log')
    .addOption(proposeOption())
    .addOption(requestIdOption())
  register<PutOptions & { cause: string }>(put, async ({ args: [wallet_id, standing], options, session, tell }) => {
    const path = `/v1/wallets/${wallet_id}/standing`
    if (standing !== undefined) {
      const said = { standing, cause: options.cause }
      return send({ session, tell }, options, { path, change: 'standing', said, proposed: { wallet_id } })
    }
    const { body } = await session.call(session.operator(), 'GET', path)
    const { changes } = body as unknown as { changes: Record<string, string>[] }
    const rows = changes.map((one) => [one.changed_at!, one.standing!, one.cause!, one.by!])
    const table = textTable({ head: ['when', 'standing', 'cause', 'by'], rows })
    return { body, text: `${wallet_id} is ${body.standing}\n\n${table}` }
  })
}

type Asked = Parameters<Parameters<Register>[1]>[0]
type Change = { path: string; change: string; said: object; proposed?: object }

/** Makes a change, or proposes it. */
async function send({ session, tell }: Pick<Asked, 'session' | 'tell'>, options: PutOptions, plan: Change) {
  const { reason, propose, requestId = newId() } = options
  tell(`request ${requestId}`)
  const asked = { ...plan.said, reason, request_id: requestId }
  const operator = session.operator()
  if (!propose) {
    const body = await session.change(operator, 'PUT', plan.path, asked)
    return { body, text: 'it is so from its date on' }
  }
  const body = await session.change(operator, 'POST', '/v1/proposals', {
    change: plan.change,
    ...plan.proposed,
    ...asked,
  })
  const text = nameValueLines([
    ['proposal', body.proposal_id],
    ['waits until', body.expires_at],
  ])
  return { body, text }
}
