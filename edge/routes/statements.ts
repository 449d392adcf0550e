import { z } from '@hono/zod-openapi'
import { dayStartMs } from '../../actors/ledger/businessTime.ts'
import { commandIdText, walletIdText } from '../../actors/ledger/ids.ts'
import { htmlType, paperHeaders } from '../paper/paperPage.ts'
import { type Statement, type StatementLine, statementOf, totalsByKind } from '../paper/statement.ts'
import { csvType, dailyFile, monthlyCsv } from '../paper/statementCsv.ts'
import { statementPage } from '../paper/statementPage.ts'
import { languageOf } from '../problem.ts'
import { visibleWallet } from './caller.ts'
import { kindNames } from './entries.ts'
import { Failure } from './failure.ts'
import { asOfBody, asOfSchema, commandIdField, signedYuanText, timeField, timeText, walletIdField } from './fields.ts'
import type { Followed } from './journal.ts'
import { visibleMerchant } from './merchants.ts'
import { operation, type Services } from './operation.ts'
import { type Days, dayOfText, daysOfMonth } from './statementDays.ts'

const monthLinesMax = 5_000
const dayLinesMax = 100_000
const closesAgainAfterS = 60

type Made = { readonly statement: Statement; readonly followed: Followed; readonly complete: boolean }

/** @throws Failure when the journal is away, or has more lines than a statement may */
async function makeStatement(
  services: Services,
  walletId: string,
  wallet: number,
  days: Days,
  linesMax: number,
): Promise<Made> {
  const found = await services.journal.statement(wallet, days, linesMax + 1)
  if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  const { openingFen, lines, followed } = found.record
  if (lines.length > linesMax) {
    throw new Failure('statement-too-long', {
      detail: `More than ${linesMax} lines: ask for its days, or its entries.`,
    })
  }
  const shown = lines.map(
    ({ kind, deltaFen, counterparty, counterpartyKind, id, orderNo, executed }): StatementLine => {
      const { seq, index, timeMs } = executed
      const other = counterparty === 0 ? undefined : walletIdText(counterparty, counterpartyKind)
      const name = kindNames[kind] ?? String(kind)
      return {
        kind: name,
        deltaFen,
        counterparty: other,
        id: commandIdText(id),
        orderNo,
        timeMs,
        position: { seq, index },
      }
    },
  )
  // Log time never falls: once the shard was followed past the last day, nothing is added to it any more.
  const complete = followed.timeMs >= dayStartMs(days.to)
  return { statement: statementOf(walletId, openingFen, shown), followed, complete }
}

const yuan = z.string().openapi({ example: '100.50' })
const signedYuan = z.string().openapi({ description: 'Signed: minus left the wallet', example: '-100.50' })
const totals = z
  .object({ kind: z.string().openapi({ example: 'payment_out' }), count: z.int(), sum: signedYuan })
  .openapi('StatementTotal')
const line = z
  .object({
    id: commandIdField,
    kind: z.string().openapi({ example: 'payment_out' }),
    amount: signedYuan,
    balance: yuan.openapi({ description: 'In the wallet after it' }),
    counterparty: z.string().optional(),
    order_no: z.string().optional(),
    time: timeField,
  })
  .openapi('StatementLine')
const sums = { opening: yuan, money_in: yuan, money_out: yuan, closing: yuan, totals: z.array(totals) }
const statement = z
  .object({
    wallet_id: walletIdField,
    month: z.string().openapi({ example: '2026-11' }),
    complete: z.boolean().openapi({ description: 'False while the month goes on: then closing is the balance so far' }),
    ...sums,
    lines: z.array(line),
    followed: asOfSchema,
  })
  .openapi('MonthlyStatement')

function sumsBody({ openingFen, inFen, outFen, closingFen, lines }: Statement) {
  return {
    opening: signedYuanText(openingFen),
    money_in: signedYuanText(inFen),
    money_out: signedYuanText(outFen),
    closing: signedYuanText(closingFen),
    totals: totalsByKind(lines).map(({ kind, count, sumFen }) => ({ kind, count, sum: signedYuanText(sumFen) })),
  }
}

const linesBody = ({ lines }: Statement) =>
  lines.map(({ id, kind, deltaFen, balanceFen, counterparty, orderNo, timeMs }) => ({
    id,
    kind,
    amount: signedYuanText(deltaFen),
    balance: signedYuanText(balanceFen),
    ...(counterparty === undefined ? {} : { counterparty }),
    ...(orderNo === undefined ? {} : { order_no: orderNo }),
    time: timeText(timeMs),
  }))

const attachment = (name: string) => ({ 'content-disposition': `attachment; filename="${name}"` })

export const showStatement = operation({
  name: 'showStatement',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/statements/{month}',
  tag: 'wallets',
  summary: 'What moved in a wallet in a month of Shanghai',
  description:
    'Opening and lines make the closing, to the fen. With Accept: text/html a page to print, in Chinese or English by Accept-Language; with text/csv a table. From the journal.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  media: [htmlType, csvType],
  params: z.object({ wallet_id: walletIdField, month: z.string().max(7).openapi({ example: '2026-11' }) }),
  messages: { answer: 'MonthlyStatement' },
  answers: { 200: { description: 'Oldest first', schema: statement } },
  async run({ caller, params: { wallet_id, month }, media, header }, services) {
    const days = daysOfMonth(month)
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const { statement, followed, complete } = await makeStatement(
      services,
      wallet_id,
      result.number,
      days,
      monthLinesMax,
    )
    if (media === htmlType) {
      const content = statementPage(languageOf(header('accept-language')), month, statement, complete)
      return { status: 200, body: {}, headers: paperHeaders, bytes: { type: `${htmlType}; charset=utf-8`, content } }
    }
    if (media === csvType) {
      const headers = attachment(`${wallet_id}-${month}.csv`)
      return {
        status: 200,
        body: {},
        headers,
        bytes: { type: `${csvType}; charset=utf-8`, content: monthlyCsv(statement) },
      }
    }
    const body = { wallet_id, month, complete, ...sumsBody(statement), lines: linesBody(statement) }
    return { status: 200, body: { ...body, followed: asOfBody(followed) } }
  },
})

const daily = z
  .object({
    wallet_id: walletIdField,
    date: z.string().openapi({ example: '2026-11-26' }),
    lines: z.int(),
    ...sums,
    sha256: z.string().openapi({ description: 'Of the file up to its last line, which says it too' }),
  })
  .openapi('DailyStatement')

export const showDailyStatement = operation({
  name: 'showDailyStatement',
  method: 'get',
  path: '/v1/merchants/{wallet_id}/statements/{date}',
  tag: 'merchants',
  summary: "A merchant's file of a day of Shanghai, once the day is closed",
  description:
    'With Accept: text/csv the file: H header, D a line a posting, T count and sum a kind, E all of them with opening and closing, S the SHA-256 of what stands before it. The same bytes whenever it is asked for; 409 while the day goes on or has not been written down. Otherwise its sums.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  media: [csvType],
  params: z.object({ wallet_id: walletIdField, date: z.string().max(10).openapi({ example: '2026-11-26' }) }),
  messages: { answer: 'DailyStatement' },
  answers: { 200: { description: 'The day as it will stay', schema: daily } },
  async run({ caller, params: { wallet_id, date }, media }, services) {
    const days = dayOfText(date)
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const { statement, complete } = await makeStatement(services, wallet_id, result.number, days, dayLinesMax)
    if (!complete) {
      const fields = [{ field: 'date', message: 'is not closed yet' }]
      throw new Failure('statement-open', { fields, retryAfterS: closesAgainAfterS })
    }
    const { text, sha256 } = dailyFile(date, statement)
    if (media === csvType) {
      const headers = { ...attachment(`${wallet_id}-${date}.csv`), etag: `"${sha256}"` }
      return { status: 200, body: {}, headers, bytes: { type: `${csvType}; charset=utf-8`, content: text } }
    }
    const body = { wallet_id, date, lines: statement.lines.length, ...sumsBody(statement), sha256 }
    return { status: 200, body, headers: { etag: `"${sha256}"` } }
  },
})

export const statementOperations = [showStatement, showDailyStatement]
