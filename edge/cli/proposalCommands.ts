import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { commandIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import { reasonOption } from './riskCommands.ts'
import { textTable } from './textTable.ts'
import { requestIdOption } from './walletCommands.ts'

type Proposal = Readonly<Record<string, string>> & { readonly details: readonly { name: string; value: string }[] }

export function addProposalCommands(program: Command, register: Register): void {
  const proposal = program.command('proposal').description('changes of rules that need a second operator')

  const list = proposal
    .command('list')
    .description('what was proposed and what became of it, newest first')
    .option('--limit <n>', 'how many', wholeArgument(1, 500), 50)
  register<{ limit: number }>(list, async ({ options, session }) => {
    const { body } = await session.call(session.operator(), 'GET', `/v1/proposals?limit=${options.limit}`)
    const { proposals } = body as unknown as { proposals: Proposal[] }
    const rows = proposals.map((one) => [
      one.proposal_id!,
      one.status!,
      one.proposed_by!,
      one.decided_by ?? '',
      one.change!,
      one.details.map(({ name, value }) => `${name}=${value}`).join(' '),
      one.reason!,
    ])
    const head = ['proposal', 'status', 'by', 'decided by', 'change', 'what', 'why']
    return { body, text: textTable({ head, rows }) }
  })

  for (const [word, description] of [
    ['approve', 'agree to what another operator proposed: it is done'],
    ['reject', 'give a proposal up'],
  ] as const) {
    const command = proposal
      .command(word)
      .argument('<proposal>', 'id of the proposal', commandIdArgument)
      .description(description)
      .addOption(reasonOption())
      .addOption(requestIdOption())
    register<{ reason: string; requestId?: string }>(command, async ({ args: [id], options, session, tell }) => {
      const { reason, requestId = newId() } = options
      tell(`request ${requestId}`)
      const asked = { reason, request_id: requestId }
      const body = await session.change(session.operator(), 'POST', `/v1/proposals/${id}/${word}`, asked)
      return { body, text: `proposal ${id} is ${body.status}` }
    })
  }
}
