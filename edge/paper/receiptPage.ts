import { html } from 'hono/html'
import type { Language } from '../problem.ts'
import { paperPage, shanghaiTime } from './paperPage.ts'
import { wordsOf } from './words.ts'

export type Party = { readonly wallet_id: string; readonly name?: string }

export type Receipt = {
  readonly paymentId: string
  readonly payer: Party
  readonly payee: Party
  readonly amount: string
  readonly orderNo: string | undefined
  readonly paidMs: number
  readonly position: { readonly shard: number; readonly seq: number; readonly index: number }
}

const partyText = ({ wallet_id, name }: Party): string => (name === undefined ? wallet_id : `${name} (${wallet_id})`)

export function receiptPage(language: Language, receipt: Receipt): string {
  const w = wordsOf(language)
  const { paymentId, payer, payee, amount, orderNo, paidMs, position } = receipt
  const place = `${w.shard} ${position.shard} · ${position.seq} · ${position.index}`
  const order = orderNo === undefined ? '' : html`<dt>${w.order}</dt><dd>${orderNo}</dd>`
  const content = html`<p class="sum">¥ ${amount}</p>
<p class="of">${w.currency}</p>
<dl>
<dt>${w.status}</dt><dd>${w.completed}</dd>
<dt>${w.payer}</dt><dd>${partyText(payer)}</dd>
<dt>${w.payee}</dt><dd>${partyText(payee)}</dd>
${order}
<dt>${w.paidAt}</dt><dd>${shanghaiTime(paidMs)} (UTC+8)</dd>
<dt>${w.paymentId}</dt><dd>${paymentId}</dd>
<dt>${w.position}</dt><dd>${place}</dd>
</dl>`
  return paperPage(language, w.receipt, paymentId, content)
}
