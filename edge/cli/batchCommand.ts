import type { Command } from 'commander'
import { newId, OutcomeUnknown } from '../client/node.ts'
import { uuidArgument, walletIdArgument, wholeArgument } from './argumentTypes.ts'
import { authorisationMax, readBatchFile } from './batchFile.ts'
import type { Answer, Asked, Register } from './command.ts'
import { exitCodes } from './exitCodes.ts'
import { timestampFor, waitOption } from './paymentCommands.ts'
import { type Reply, readInput } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { askUntil } from './waiting.ts'

const runsShownMax = 40
const examples = `
The file is CSV whose first line names its columns, or a JSON object a line: payer_wallet, payee_wallet, amount and
authorisation, the number of the payer's authorisation that the institution keeps. What is the same for all records
can be said once:

  payroll, one payer       payee_wallet,amount                npx jiaozi batch payroll.csv --payer W1052673 --authorisation 17
  acquirer, one merchant   payer_wallet,amount,authorisation  npx jiaozi batch day.csv --payee M1052674
`

type BatchOptions = {
  payer?: string
  payee?: string
  authorisation?: number
  atomic?: boolean
  batchId?: string
  waitMs: number
}

export function addBatchCommand(program: Command, register: Register): void {
  const batch = program
    .command('batch')
    .argument('<file>', 'the records, or - for standard input')
    .description(
      "pay up to 8,000 times from the institution's own wallets, signed once; the same --batch-id never pays twice",
    )
    .option('--payer <id>', 'wallet that pays where a record names none', walletIdArgument)
    .option('--payee <id>', 'wallet that is paid where a record names none', walletIdArgument)
    .option('--authorisation <n>', 'authorisation where a record names none', wholeArgument(1, authorisationMax))
    .option('--atomic', 'all or nothing; every wallet must live in one shard')
    .option('--batch-id <id>', 'id of the batch, to ask again for the same (default: a new one)', uuidArgument)
    .addOption(waitOption())
    .addHelpText('after', examples)
  register<BatchOptions>(batch, payBatch)
}

async function payBatch({ args: [file], options, session, tell }: Asked<BatchOptions>): Promise<Answer> {
  const { batchId = newId(), atomic = false, waitMs } = options
  const records = readBatchFile(readInput(file === '-' ? 0 : file!, 'file'), options)
  const header = { batch_id: batchId, requested_at: timestampFor(batchId, Date.now()), atomic }
  const bytes = new TextEncoder().encode([header, ...records].map((line) => `${JSON.stringify(line)}\n`).join(''))
  tell(`batch ${batchId}, ${records.length} records`)
  const send = (): Promise<Reply> =>
    session.call(session.institution(), 'POST', '/v1/payment-batches', bytes, {
      'content-type': 'application/x-ndjson',
    })
  const first = await send().catch((error: unknown) => {
    throw error instanceof OutcomeUnknown
      ? new OutcomeUnknown(`${error.message}; ask again with --batch-id ${batchId}`)
      : error
  })
  const { body } = await askUntil(first, (reply) => reply.status !== 202, send, waitMs)
  return { body, text: batchText(body), exitCode: codeOf(body) }
}

function codeOf({ refused, pending }: Record<string, unknown>) {
  if (Number(pending) > 0) return exitCodes.unknown
  return Number(refused) > 0 ? exitCodes.refused : exitCodes.ok
}

type Run = { from: number; to: number; outcome: string; code?: string }

function batchText(body: Record<string, unknown>): string {
  const runs = (body.outcomes as Run[]).filter(({ outcome }) => outcome !== 'completed')
  const lines = nameValueLines([
    ['batch', body.batch_id],
    ['status', body.status],
    ['records', body.count],
    ['completed', body.completed],
    ['refused', body.refused],
    ['pending', body.pending],
  ])
  if (runs.length === 0) return lines
  const rows = runs.slice(0, runsShownMax).map(({ from, to, outcome, code }) => {
    return [from === to ? String(from) : `${from}-${to}`, outcome, code ?? '']
  })
  const more = runs.length > runsShownMax ? `\nand ${runs.length - runsShownMax} more; --json shows all` : ''
  return `${lines}\n\n${textTable({ head: ['record', 'outcome', 'code'], rows, right: [0] })}${more}`
}
