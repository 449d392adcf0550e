import { ActButton } from '../parts/actButton.tsx'
import type { ActField, Values } from '../parts/actFields.tsx'
import { Badge, Card, Empty, Failed, Loading, Money, PageHead, Table, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { go, hrefOf } from '../router.ts'
import { wordOf, words } from '../words/words.ts'

type Rule = {
  kind: string
  action: string
  window?: string
  payments_max?: number
  factor?: number
  amount?: string | null
  age_seconds?: number
  effective_at: string
  in_force: boolean
}
type Rules = { rules: Rule[]; rule_version: number; second_person_required: boolean }

const kinds = ['payer-frequency', 'device-frequency', 'merchant-frequency', 'habit', 'new-device', 'new-linked-account']
const actions = ['refuse', 'confirm', 'off']
const ofFrequency = ({ kind }: Values): boolean => kind?.endsWith('frequency') === true
const ofNew = ({ kind }: Values): boolean => kind?.startsWith('new-') === true
const withAmount = ({ kind }: Values): boolean => kind !== 'payer-frequency' && kind !== 'device-frequency'
const choicesOf = (prefix: string, of: readonly string[]) => of.map((one) => [one, wordOf(prefix, one)] as const)

/** A rule that ends says nothing more; the others say what belongs to their kind. */
function ruleFields(): ActField[] {
  const w = words.value
  const heard = (belongs: (values: Values) => boolean) => (values: Values) => values.action !== 'off' && belongs(values)
  const windows = choicesOf('window', ['10s', '1m', '1h'])
  return [
    { name: 'kind', label: w.kind, kind: 'choice', choices: choicesOf('rule', kinds), first: kinds[0]! },
    { name: 'action', label: w.outcome, kind: 'choice', choices: choicesOf('action', actions), first: 'refuse' },
    { name: 'window', label: w.window, kind: 'choice', choices: windows, first: '1m', when: ofFrequency },
    { name: 'payments_max', label: w.paymentsMax, kind: 'count', hint: '20', when: heard(ofFrequency) },
    { name: 'factor', label: w.factor, kind: 'count', hint: '10', when: heard(({ kind }) => kind === 'habit') },
    { name: 'amount', label: w.amountAbove, kind: 'text', hint: '1000.00', when: heard(withAmount) },
    { name: 'age_seconds', label: w.ageSeconds, kind: 'count', hint: '86400', when: heard(ofNew) },
    { name: 'effective_at', label: w.effective, kind: 'time', optional: true },
  ]
}

function Threshold({ payments_max, factor, amount, age_seconds, window }: Rule) {
  const w = words.value
  return (
    <span class="details">
      {payments_max === undefined ? null : (
        <span>
          <i>{w.paymentsMax}</i> {payments_max} / {wordOf('window', window ?? '')}
        </span>
      )}
      {factor === undefined ? null : (
        <span>
          <i>{w.factor}</i> {factor}
        </span>
      )}
      {age_seconds === undefined ? null : (
        <span>
          <i>{w.ageSeconds}</i> {age_seconds}
        </span>
      )}
      {amount === undefined || amount === null ? null : (
        <span>
          <i>{w.amountAbove}</i> <Money of={amount} />
        </span>
      )}
    </span>
  )
}

function RuleTable({ rules }: { rules: readonly Rule[] }) {
  const w = words.value
  if (rules.length === 0) return <Empty>{w.noRules}</Empty>
  return (
    <Table
      caption={w.rules}
      rows={rules.toReversed()}
      keyOf={(rule) => JSON.stringify(rule)}
      columns={[
        { head: w.kind, cell: ({ kind }) => wordOf('rule', kind) },
        { head: w.outcome, cell: ({ action }) => <Badge of={action} text={wordOf('action', action)} tone="plain" /> },
        { head: w.details, wide: true, cell: (rule) => <Threshold {...rule} /> },
        { head: w.effective, cell: ({ effective_at }) => <Time of={effective_at} /> },
        {
          head: w.status,
          cell: ({ in_force }) => (in_force ? <Badge of="ready" text={w.inForce} /> : <span class="soft">—</span>),
        },
      ]}
    />
  )
}

/** The rules that judge payments before money moves, all versions, and the way to change one: by proposal. */
export function RiskPage() {
  const w = words.value
  const { data, problem, reload } = useRead<Rules>('/v1/risk-rules')
  const propose = {
    title: w.proposeRule,
    about: w.proposeAbout,
    path: '/v1/proposals',
    danger: false,
    body: { change: 'risk_rule' },
    fields: ruleFields(),
  }
  return (
    <>
      <PageHead title={w.risk} about={w.riskAbout}>
        <a class="button quiet" href={hrefOf('/proposals')}>
          {w.proposals}
        </a>
        <ActButton by="operator" plan={propose} onDone={() => go('/proposals')} />
      </PageHead>
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <Card
          title={w.rules}
          aside={
            <span class="soft">
              {w.ruleVersion} {data.rule_version} · {data.second_person_required ? w.twoPeople : w.onePerson}
            </span>
          }
        >
          <RuleTable rules={data.rules} />
        </Card>
      )}
    </>
  )
}
