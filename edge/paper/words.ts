import type { Language } from '../problem.ts'

/** What stands on printed pages. Both languages say the same things: a word that one lacks does not compile. */
const en = {
  receipt: 'Receipt of a payment',
  statement: 'Account statement',
  payer: 'Payer',
  payee: 'Payee',
  amount: 'Amount',
  currency: 'digital yuan (CNY-DC)',
  paymentId: 'Payment number',
  order: 'Order',
  paidAt: 'Paid at',
  position: 'Place in the ledger',
  completed: 'Completed',
  status: 'Status',
  wallet: 'Wallet',
  month: 'Month',
  opening: 'Opening balance',
  closing: 'Closing balance',
  closingSoFar: 'Balance so far',
  moneyIn: 'Money in',
  moneyOut: 'Money out',
  time: 'Time (UTC+8)',
  kind: 'What',
  counterparty: 'With',
  balance: 'Balance',
  nothing: 'Nothing moved in this month.',
  unfinished: 'The month is not over, or not all of it has been written down yet.',
  shard: 'shard',
  payment_out: 'Payment',
  payment_in: 'Payment received',
  payment_returned: 'Payment returned',
  recharge: 'Recharge',
  redemption: 'Payout to bank',
  redemption_returned: 'Payout returned',
  refund_out: 'Refund',
  refund_in: 'Refund received',
  refund_returned: 'Refund returned',
  hold_placed: 'Held for a payee',
  hold_released: 'Hold released',
  split_out: 'Share of an order',
  split_in: 'Share received',
  split_returned: 'Share returned',
} as const

const zh = {
  receipt: '支付凭证',
  statement: '账户对账单',
  payer: '付款方',
  payee: '收款方',
  amount: '金额',
  currency: '数字人民币 (CNY-DC)',
  paymentId: '支付编号',
  order: '订单号',
  paidAt: '支付时间',
  position: '账本位置',
  completed: '已完成',
  status: '状态',
  wallet: '钱包',
  month: '月份',
  opening: '期初余额',
  closing: '期末余额',
  closingSoFar: '当前余额',
  moneyIn: '收入合计',
  moneyOut: '支出合计',
  time: '时间（UTC+8）',
  kind: '类型',
  counterparty: '对方',
  balance: '余额',
  nothing: '本月无交易。',
  unfinished: '本月尚未结束，或流水尚未全部入账。',
  shard: '分片',
  payment_out: '付款',
  payment_in: '收款',
  payment_returned: '付款退回',
  recharge: '充值',
  redemption: '提现',
  redemption_returned: '提现退回',
  refund_out: '退款',
  refund_in: '收到退款',
  refund_returned: '退款退回',
  hold_placed: '预授权',
  hold_released: '预授权解除',
  split_out: '分账支出',
  split_in: '分账收入',
  split_returned: '分账退回',
} as const satisfies Readonly<Record<keyof typeof en, string>>

export type Word = keyof typeof en
const words: Readonly<Record<Language, Readonly<Record<Word, string>>>> = { en, zh }

export function wordsOf(language: Language): Readonly<Record<Word, string>> {
  return words[language]
}

/** A kind of entry in words; one that has none yet is shown as it is named. */
export function kindWord(language: Language, kind: string): string {
  return Object.hasOwn(en, kind) ? words[language][kind as Word] : kind
}
