import { codeOf, type Refusal, refusals, refusalTable } from '../../../actors/ledger/refusals.ts'
import { type ProblemCode, problems } from '../../../edge/problem.ts'

const yesNo = (yes: boolean): string => (yes ? 'yes' : 'no')

function row(name: ProblemCode, place: string, final: string): string {
  const { status, code, en, zh } = problems[name]
  return `| ${place} | \`${name}\` | ${status} | \`${code}\` | ${final} | ${en} | ${zh} |`
}

/** `docs/reference/refusals.md`: each refusal of the ledger in its order, then what the edge itself may answer. */
export function refusalsPage(): string {
  const ofLedger = refusals.filter((name): name is Exclude<Refusal, 'accepted'> => name !== 'accepted')
  const known: ReadonlySet<string> = new Set(ofLedger)
  const ofEdge = (Object.keys(problems) as ProblemCode[]).filter((name) => !known.has(name))
  return `# Refusals

When several apply, the first in this order is the answer. *Final* says that the same id gets the same refusal for good;
the others leave no trace, and the same id may be tried again. \`reason\` and \`code\` are members of the problem (RFC 9457).

| place | reason | HTTP | code | final | English | 中文 |
|---:|---|---:|---|---|---|---|
${ofLedger.map((name) => row(name, String(codeOf[name]), yesNo(refusalTable[name].remembered))).join('\n')}

## Before any rule about money

What the edge finds wrong with a request by itself.

| | reason | HTTP | code | final | English | 中文 |
|---|---|---:|---|---|---|---|
${ofEdge.map((name) => row(name, '', 'no')).join('\n')}
`
}
