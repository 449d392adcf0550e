import { html } from 'hono/html'
import type { Language } from '../problem.ts'
import { signedYuanText } from '../routes/fields.ts'
import { paperPage, shanghaiTime } from './paperPage.ts'
import type { Statement } from './statement.ts'
import { kindWord, wordsOf } from './words.ts'

/** @param complete the month is over and all of it has been followed */
export function statementPage(language: Language, month: string, statement: Statement, complete: boolean): string {
  const w = wordsOf(language)
  const { walletId, openingFen, closingFen, inFen, outFen, lines } = statement
  const rows = lines.map(
    ({ timeMs, kind, counterparty, id, deltaFen, balanceFen }) => html`<tr>
<td>${shanghaiTime(timeMs)}</td><td>${kindWord(language, kind)}</td><td class="who">${counterparty ?? ''}</td><td class="id">${id}</td>
<td class="fen">${signedYuanText(deltaFen)}</td><td class="fen">${signedYuanText(balanceFen)}</td>
</tr>
`,
  )
  const table = html`<table>
<thead><tr><th scope="col">${w.time}</th><th scope="col">${w.kind}</th><th scope="col">${w.counterparty}</th>
<th scope="col" class="id">${w.paymentId}</th><th scope="col" class="fen">${w.amount}</th><th scope="col" class="fen">${w.balance}</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`
  const content = html`<p class="of">${w.wallet} ${walletId} · ${month} · ${w.currency}</p>
${complete ? '' : html`<p class="note">${w.unfinished}</p>`}
<dl class="totals">
<dt>${w.opening}</dt><dd>${signedYuanText(openingFen)}</dd>
<dt>${w.moneyIn}</dt><dd>${signedYuanText(inFen)}</dd>
<dt>${w.moneyOut}</dt><dd>${signedYuanText(outFen)}</dd>
<dt>${complete ? w.closing : w.closingSoFar}</dt><dd>${signedYuanText(closingFen)}</dd>
</dl>
${lines.length === 0 ? html`<p>${w.nothing}</p>` : table}`
  return paperPage(language, w.statement, `${walletId} ${month}`, content)
}
