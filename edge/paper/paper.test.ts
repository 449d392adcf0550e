import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvCell } from './csv.ts'
import { paperHeaders } from './paperPage.ts'
import { receiptPage } from './receiptPage.ts'
import { type StatementLine, statementOf, totalsByKind } from './statement.ts'
import { dailyFile, monthlyCsv } from './statementCsv.ts'
import { statementPage } from './statementPage.ts'

const line = (deltaFen: number, kind = 'payment_in', more: Partial<StatementLine> = {}): StatementLine => ({
  kind,
  deltaFen,
  counterparty: 'W1048577',
  id: '019aa3b4-5c00-7000-8000-000000000001',
  orderNo: undefined,
  timeMs: 1_772_413_200_000,
  position: { seq: 7, index: 0 },
  ...more,
})
const lines = fc.array(
  fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom('payment_in', 'refund_out', 'recharge')),
)

describe('a statement', () => {
  test('opens, moves and closes to the fen, each line with the balance after it', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), lines, (openingFen, all) => {
        const made = statementOf(
          'W1',
          openingFen,
          all.map(([fen, kind]) => line(fen, kind)),
        )
        expect(made.openingFen + made.inFen - made.outFen).toBe(made.closingFen)
        expect(made.lines.at(-1)?.balanceFen ?? openingFen).toBe(made.closingFen)
        const totals = totalsByKind(made.lines)
        expect(totals.reduce((sum, { sumFen }) => sum + sumFen, openingFen)).toBe(made.closingFen)
        expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
      }),
    )
  })

  test('as a table has opening, lines and closing', () => {
    const csv = monthlyCsv(statementOf('W1', 1_000, [line(250), line(-5, 'payment_out')]))
    expect(csv.split('\r\n')).toEqual([
      'time,kind,counterparty,id,order_no,position,amount,balance',
      ',opening,,,,,,10.00',
      '2026-03-02T01:00:00.000Z,payment_in,W1048577,019aa3b4-5c00-7000-8000-000000000001,,7.0,2.50,12.50',
      '2026-03-02T01:00:00.000Z,payment_out,W1048577,019aa3b4-5c00-7000-8000-000000000001,,7.0,-0.05,12.45',
      ',closing,,,,,,12.45',
      '',
    ])
  })
})

describe("a merchant's file of a day", () => {
  const made = statementOf('M1', 500, [
    line(250, 'payment_in', { orderNo: 'T-1' }),
    line(-100, 'refund_out'),
    line(1, 'payment_in'),
  ])

  test('counts and sums each kind, says what no fee was charged, and ends with its own checksum', () => {
    const { text, sha256 } = dailyFile('2026-03-02', made)
    const rows = text.split('\r\n')
    expect(rows[0]).toBe('H,jiaozi-daily-statement,1,M1,2026-03-02,UTC+8,CNY-DC')
    expect(rows.filter((row) => row.startsWith('D,'))).toHaveLength(3)
    expect(rows).toContain('T,payment_in,2,2.51')
    expect(rows).toContain('T,refund_out,1,-1.00')
    expect(rows).toContain('T,fee,0,0.00')
    expect(rows.at(-3)).toBe('E,3,2.51,1.00,5.00,6.51')
    expect(rows.at(-2)).toBe(`S,${sha256}`)
    const before = text.slice(0, text.lastIndexOf('S,'))
    expect(createHash('sha256').update(before).digest('hex')).toBe(sha256)
  })

  test('is the same bytes again', () => {
    expect(dailyFile('2026-03-02', made)).toEqual(dailyFile('2026-03-02', made))
  })

  test('gives no spreadsheet anything to calculate', () => {
    expect(csvCell('=1+1')).toBe("'=1+1")
    expect(csvCell('@x,"y"')).toBe('"\'@x,""y"""')
    const evil = statementOf('M1', 0, [line(1, 'payment_in', { orderNo: '=HYPERLINK("x")' })])
    expect(dailyFile('2026-03-02', evil).text).toContain('"\'=HYPERLINK(""x"")"')
  })
})

describe('on paper', () => {
  const receipt = {
    paymentId: 'P20260302001',
    payer: { wallet_id: 'W1', name: '**明' },
    payee: { wallet_id: 'M2', name: '<b>茶馆</b>' },
    amount: '12.30',
    orderNo: '"><script>',
    paidMs: 1_772_413_200_000,
    position: { shard: 1, seq: 7, index: 0 },
  }

  test.each(['zh', 'en'] as const)('a receipt says who paid whom what and when, in %s', (language) => {
    const page = receiptPage(language, receipt)
    expect(page).toContain(language === 'zh' ? '<h1>支付凭证</h1>' : '<h1>Receipt of a payment</h1>')
    for (const said of ['**明 (W1)', '¥ 12.30', '2026-03-02 09:00:00', 'P20260302001']) expect(page).toContain(said)
    expect(page).toContain('&lt;b&gt;茶馆&lt;/b&gt;')
    expect(page).not.toMatch(/<script|<b>/)
  })

  test('a statement shows its lines, and says when the month is not over', () => {
    const made = statementOf('W1', 1_000, [line(-250, 'payment_out')])
    expect(statementPage('en', '2026-03', made, true)).toContain('Closing balance')
    const open = statementPage('zh', '2026-03', made, false)
    expect(open).toContain('本月尚未结束')
    expect(open).toMatch(/付款<\/td>.*-2\.50<\/td><td class="fen">7\.50/s)
    expect(statementPage('en', '2026-03', statementOf('W1', 0, []), true)).toContain('Nothing moved in this month.')
  })

  test('nothing runs and nothing is loaded: the only style is the one that the policy names', () => {
    const page = receiptPage('en', receipt)
    const style = /<style>(.*?)<\/style>/s.exec(page)![1]!
    const hash = createHash('sha256').update(style).digest('base64')
    expect(paperHeaders['content-security-policy']).toContain(`style-src 'sha256-${hash}'`)
    expect(paperHeaders['content-security-policy']).toMatch(/^default-src 'none'/)
    expect(page).not.toMatch(/style="|src=|href=|\son\w+=/)
  })
})
