import type { Refusal } from '../actors/ledger/refusals.ts'
import type { JsonProblem } from './wire/strictJson.ts'

/** What the edge itself may find wrong with a request, before any rule about money. */
export type RequestProblem =
  | JsonProblem
  | 'malformed-protobuf'
  | 'media-type-unsupported'
  | 'not-acceptable'
  | 'field-invalid'
  | 'field-missing'
  | 'not-signed'
  | 'session-ended'
  | 'not-allowed'
  | 'not-found'
  | 'method-not-allowed'
  | 'rate-limited'
  | 'overloaded'
  | 'unavailable'
  | 'journal-unavailable'
  | 'owner-unreachable'
  | 'pay-link-invalid'
  | 'pay-link-expired'
  | 'statement-open'
  | 'statement-too-long'
  | 'internal'

export type ProblemCode = Exclude<Refusal, 'accepted'> | RequestProblem

type Line = { status: number; code: string; en: string; zh: string }

const line = (status: number, code: string, en: string, zh: string): Line => ({ status, code, en, zh })

/** What each refusal says outward. A refusal without a line here does not compile. */
export const problems = {
  'command-unknown': line(400, 'COMMAND_UNKNOWN', 'This release does not know the command.', '当前版本不支持该指令'),
  'sender-not-allowed': line(403, 'FORBIDDEN', 'This sender may not send such a command.', '发送方无权发送该指令'),
  'shard-misplaced': line(
    503,
    'UNAVAILABLE',
    'The request went to the wrong shard; ask again.',
    '请求路由错误，请重试',
  ),
  'id-reused': line(409, 'ID_REUSED', 'This id was used for another request.', '该编号已用于其他请求'),
  'id-malformed': line(422, 'ID_INVALID', 'The id is neither a UUIDv7 nor a dated id.', '编号格式不正确'),
  'id-early': line(422, 'ID_EARLY', 'The id says it was made in the future.', '编号时间晚于当前时间'),
  'id-expired': line(410, 'ID_EXPIRED', 'The id is past the time in which it could be executed.', '编号已过期'),
  'id-seen': line(409, 'ID_SEEN', 'This id was executed before; its outcome is in the journal.', '该编号已执行'),
  'frame-repeated': line(503, 'UNAVAILABLE', 'The request was not executed; ask again.', '请求未执行，请重试'),
  'timestamp-stale': line(422, 'TIMESTAMP_STALE', 'The timestamp is more than 15 minutes old.', '时间戳已过期'),
  'timestamp-early': line(422, 'TIMESTAMP_EARLY', 'The timestamp lies in the future.', '时间戳晚于当前时间'),
  'wallet-unknown': line(404, 'WALLET_UNKNOWN', 'There is no such wallet.', '钱包不存在'),
  'user-unknown': line(404, 'USER_UNKNOWN', 'There is no such user.', '用户不存在'),
  'institution-unknown': line(
    403,
    'INSTITUTION_UNKNOWN',
    'There is no such institution, or it may not act.',
    '机构不存在或已停用',
  ),
  'signer-not-allowed': line(403, 'FORBIDDEN', 'The signer may not do this.', '签名方无权执行该操作'),
  'key-not-current': line(
    401,
    'KEY_NOT_CURRENT',
    'The key that signed is not the wallet’s current key.',
    '签名密钥已失效',
  ),
  'id-quota-exceeded': line(429, 'ID_QUOTA', 'Too many dated ids today; use UUIDv7 ids.', '当日日期编号数量超限'),
  'ids-exhausted': line(
    503,
    'BUSY',
    'Too many requests are being remembered; ask again later.',
    '系统繁忙，请稍后重试',
  ),
  'shard-full': line(503, 'FULL', 'There is no room for more wallets or accounts here.', '容量已满'),
  'amount-invalid': line(422, 'AMOUNT_INVALID', 'The amount is not one that can be moved.', '金额无效'),
  'payer-is-payee': line(422, 'PAYER_IS_PAYEE', 'Payer and payee are the same wallet.', '付款钱包与收款钱包相同'),
  'wallet-frozen': line(403, 'WALLET_FROZEN', 'The wallet is frozen.', '钱包已冻结'),
  'wallet-closed': line(410, 'WALLET_CLOSED', 'The wallet is closed.', '钱包已注销'),
  'risk-control': line(403, 'RISK_CONTROL', 'Risk control does not allow this.', '触发风险控制'),
  'single-limit-exceeded': line(422, 'LIMIT_SINGLE', 'The amount is above the limit of one payment.', '超过单笔限额'),
  'day-limit-exceeded': line(422, 'LIMIT_DAY', 'The limit of the day would be exceeded.', '超过当日累计限额'),
  'year-limit-exceeded': line(422, 'LIMIT_YEAR', 'The limit of the year would be exceeded.', '超过年累计限额'),
  'funds-insufficient': line(409, 'INSUFFICIENT_BALANCE', 'The wallet holds less than the amount.', '余额不足'),
  'payee-unknown': line(404, 'PAYEE_UNKNOWN', 'There is no such payee.', '收款钱包不存在'),
  'payee-frozen': line(409, 'PAYEE_FROZEN', 'The payee’s wallet is frozen.', '收款钱包已冻结'),
  'payee-closed': line(409, 'PAYEE_CLOSED', 'The payee’s wallet is closed.', '收款钱包已注销'),
  'payee-balance-limit-exceeded': line(
    409,
    'PAYEE_LIMIT_BALANCE',
    'The payee cannot hold that much.',
    '超过收款方余额上限',
  ),
  'balance-limit-exceeded': line(422, 'LIMIT_BALANCE', 'The wallet cannot hold that much.', '超过钱包余额上限'),
  'kyc-insufficient': line(422, 'KYC_INSUFFICIENT', 'The user is not identified strongly enough.', '实名认证等级不足'),
  'wallets-too-many': line(422, 'WALLETS_TOO_MANY', 'The user has as many wallets as are allowed.', '用户钱包数量超限'),
  'wallet-not-empty': line(
    409,
    'WALLET_NOT_EMPTY',
    'The wallet holds money or has something under way.',
    '钱包尚有余额或在途交易',
  ),
  'status-not-allowed': line(422, 'STATUS_INVALID', 'This change of status is not possible.', '状态变更无效'),
  'key-invalid': line(422, 'KEY_INVALID', 'The key is not one that wallets may have.', '密钥无效'),
  'rule-invalid': line(422, 'RULE_INVALID', 'A value is outside what is allowed.', '参数超出允许范围'),
  'linked-account-unknown': line(
    404,
    'LINKED_ACCOUNT_UNKNOWN',
    'The wallet has no such linked account.',
    '绑定账户不存在',
  ),
  'linked-account-inactive': line(409, 'LINKED_ACCOUNT_INACTIVE', 'The linked account is closed.', '绑定账户已停用'),
  'linked-account-duplicate': line(409, 'LINKED_ACCOUNT_DUPLICATE', 'The account is linked already.', '账户已绑定'),
  'linked-account-limit-exceeded': line(
    422,
    'LIMIT_LINKED_ACCOUNT',
    'The linked account’s limit of the day would be exceeded.',
    '超过绑定账户限额',
  ),
  'linked-account-funds-insufficient': line(
    409,
    'INSUFFICIENT_BALANCE',
    'The linked account holds less than the amount.',
    '绑定账户余额不足',
  ),
  'linked-account-refused': line(409, 'BANK_REFUSED', 'The bank refused.', '银行拒绝交易'),
  'issuance-refused': line(
    409,
    'ISSUANCE_REFUSED',
    'The central bank refused; the money is back in the account.',
    '发行被拒绝，资金已退回',
  ),
  'payout-refused': line(
    409,
    'PAYOUT_REFUSED',
    'The bank did not take the payout; the money is back in the wallet.',
    '出款被拒绝，资金已退回钱包',
  ),
  'saga-unknown': line(404, 'NOT_FOUND', 'There is no such recharge or redemption.', '交易不存在'),
  'saga-step-passed': line(409, 'STEP_PASSED', 'This step has been passed.', '该步骤已完成'),
  'authorisation-missing': line(
    422,
    'AUTHORISATION_MISSING',
    'The record names no authorisation of the payer.',
    '未注明付款方授权',
  ),
  'batch-not-local': line(
    422,
    'BATCH_NOT_LOCAL',
    'An atomic batch holds payers and payees of one shard only.',
    '原子批次仅限同一分片的钱包',
  ),
  'batch-linked': line(
    409,
    'BATCH_LINKED',
    'Another record of the atomic batch was refused.',
    '原子批次中有其他记录被拒绝',
  ),
  'merchant-required': line(422, 'MERCHANT_REQUIRED', 'Only a merchant wallet has orders.', '仅商户钱包可创建订单'),
  'expiry-invalid': line(422, 'EXPIRY_INVALID', 'The expiry is past or too far ahead.', '有效期无效'),
  'orders-full': line(
    503,
    'BUSY',
    'There is no room for more orders now; ask again later.',
    '订单容量已满，请稍后重试',
  ),
  'order-reused': line(409, 'ORDER_REUSED', 'This order number was used for another order.', '该订单号已用于其他订单'),
  'order-unknown': line(404, 'ORDER_UNKNOWN', 'The merchant has no such order.', '订单不存在'),
  'order-paid': line(409, 'ORDER_PAID', 'The order has been paid.', '订单已支付'),
  'order-closed': line(410, 'ORDER_CLOSED', 'The merchant has closed the order.', '订单已关闭'),
  'order-expired': line(410, 'ORDER_EXPIRED', 'The time to pay the order is over.', '订单已过期'),
  'order-amount-differs': line(422, 'ORDER_AMOUNT', 'The amount is not the order’s amount.', '支付金额与订单金额不符'),
  'malformed-json': line(400, 'JSON_MALFORMED', 'The body is not valid JSON.', '请求体不是有效的JSON'),
  'duplicate-member': line(400, 'JSON_DUPLICATE_MEMBER', 'A member stands twice in the body.', '请求体存在重复字段'),
  'too-deep': line(400, 'JSON_TOO_DEEP', 'The body is nested too deeply.', '请求体嵌套过深'),
  'number-form': line(422, 'NUMBER_FORM', 'A number is not written plainly.', '数字格式不正确'),
  'body-too-large': line(413, 'BODY_TOO_LARGE', 'The body is too large.', '请求体过大'),
  'malformed-protobuf': line(
    400,
    'PROTOBUF_MALFORMED',
    'The body is not the Protobuf message that it should be.',
    '请求体不是有效的Protobuf',
  ),
  'holds-full': line(409, 'HOLDS_FULL', 'The wallet has as many holds as it may.', '预授权数量超限'),
  'hold-unknown': line(404, 'HOLD_UNKNOWN', 'The wallet has no such hold.', '预授权不存在'),
  'hold-expired': line(410, 'HOLD_EXPIRED', 'The hold has expired; the money is free again.', '预授权已过期'),
  'hold-ended': line(409, 'HOLD_ENDED', 'Nothing is held any more.', '预授权已结束'),
  'hold-exceeded': line(409, 'HOLD_EXCEEDED', 'More would be taken than is held.', '扣款金额超过预授权余额'),
  'split-invalid': line(
    422,
    'SPLIT_INVALID',
    'The splits are too many, name a payee twice, or give away more than there is.',
    '分账信息无效',
  ),
  'mandates-full': line(409, 'MANDATES_FULL', 'The wallet has as many mandates as it may.', '委托授权数量超限'),
  'mandate-dates-invalid': line(
    422,
    'MANDATE_DATES',
    'The mandate begins in the past or too far ahead, or ends before it begins.',
    '委托授权日期无效',
  ),
  'mandate-unknown': line(404, 'MANDATE_UNKNOWN', 'The wallet has no such mandate.', '委托授权不存在'),
  'mandate-cancelled': line(410, 'MANDATE_CANCELLED', 'The payer has cancelled the mandate.', '委托授权已取消'),
  'mandate-ended': line(410, 'MANDATE_ENDED', 'The mandate has run out.', '委托授权已到期'),
  'mandate-early': line(409, 'MANDATE_EARLY', 'The first date of the mandate has not come.', '委托授权尚未生效'),
  'mandate-scheduled': line(
    409,
    'MANDATE_SCHEDULED',
    'The mandate pays by itself and is not collected.',
    '该委托按计划自动付款',
  ),
  'mandate-exceeded': line(
    409,
    'MANDATE_EXCEEDED',
    'More would be taken than the payer allowed, for one payment or for the period.',
    '超过委托授权限额',
  ),
  'mandate-late': line(
    409,
    'MANDATE_LATE',
    'The payment could not be made before the next one was due or the mandate ended.',
    '计划付款已错过时间',
  ),
  'payouts-full': line(503, 'BUSY', 'There is no room for more payout rules now.', '自动提现规则容量已满，请稍后重试'),
  'disputes-full': line(
    503,
    'BUSY',
    'There is no room for more cases now; ask again later.',
    '争议案件容量已满，请稍后重试',
  ),
  'dispute-late': line(410, 'DISPUTE_LATE', 'The time to dispute the payment is over.', '已超过争议期限'),
  'dispute-open': line(409, 'DISPUTE_OPEN', 'The payment has its case already.', '该支付已有争议案件'),
  'dispute-unknown': line(404, 'DISPUTE_UNKNOWN', 'The payment has no case.', '争议案件不存在'),
  'dispute-ended': line(409, 'DISPUTE_ENDED', 'The case has ended.', '争议案件已结束'),
  'merchant-user-unknown': line(
    404,
    'MERCHANT_USER_UNKNOWN',
    'The merchant has no such sub-user, or has it no more.',
    '商户子用户不存在或已移除',
  ),
  'merchant-user-role': line(
    403,
    'MERCHANT_USER_ROLE',
    'The sub-user’s role does not allow this.',
    '子用户角色无权执行该操作',
  ),
  'merchant-user-limit': line(
    422,
    'MERCHANT_USER_LIMIT',
    'The refund is above what this sub-user may send back at once.',
    '超过子用户单笔退款限额',
  ),
  'recoveries-full': line(
    503,
    'BUSY',
    'There is no room for more recoveries now; ask again later.',
    '密钥恢复容量已满，请稍后重试',
  ),
  'recovery-open': line(
    409,
    'RECOVERY_OPEN',
    'A recovery of this wallet is waiting already.',
    '该钱包已有待生效的密钥恢复',
  ),
  'recovery-unknown': line(404, 'RECOVERY_UNKNOWN', 'No recovery of this wallet is waiting.', '没有待生效的密钥恢复'),
  'payee-suspended': line(409, 'PAYEE_SUSPENDED', 'The payee may not be paid for now.', '收款方已被暂停收款'),
  'payee-blacklisted': line(409, 'PAYEE_BLACKLISTED', 'The payee may not be paid.', '收款方已被列入黑名单'),
  'payee-frequency': line(409, 'PAYEE_FREQUENCY', 'The payee takes no more for now.', '收款方收款过于频繁，请稍后重试'),
  'risk-frequency': line(403, 'RISK_FREQUENCY', 'Too many payments in a short time.', '支付过于频繁'),
  'risk-amount': line(403, 'RISK_AMOUNT', 'The amount is unusual for this wallet.', '支付金额异常'),
  'risk-device': line(403, 'RISK_DEVICE', 'The device is new to this wallet.', '该设备为新设备'),
  'risk-linked-account': line(403, 'RISK_LINKED_ACCOUNT', 'The account was linked too lately.', '绑定账户绑定时间过短'),
  'confirmation-required': line(
    403,
    'CONFIRMATION_REQUIRED',
    'The payer has to confirm this in person, with a passkey.',
    '需使用通行密钥本人确认',
  ),
  'second-person-required': line(
    403,
    'SECOND_PERSON_REQUIRED',
    'A second operator has to agree: propose it.',
    '需另一名操作员复核，请提交提案',
  ),
  'proposals-full': line(409, 'PROPOSALS_FULL', 'Too many proposals wait already.', '待复核提案数量超限'),
  'proposal-unknown': line(404, 'PROPOSAL_UNKNOWN', 'There is no such proposal.', '提案不存在'),
  'proposal-ended': line(409, 'PROPOSAL_ENDED', 'The proposal was decided already.', '提案已处理'),
  'proposal-expired': line(410, 'PROPOSAL_EXPIRED', 'The time to agree is over.', '提案已过期'),
  'order-not-paid': line(409, 'ORDER_NOT_PAID', 'The order has not been paid.', '订单未支付'),
  'refund-period-over': line(
    410,
    'REFUND_PERIOD_OVER',
    'The time in which it may be refunded is over.',
    '已超过退款期限',
  ),
  'refund-exceeds-payment': line(409, 'REFUND_EXCEEDS', 'More would go back than was paid.', '退款金额超过可退金额'),
  'media-type-unsupported': line(415, 'MEDIA_TYPE', 'The body must be JSON or Protobuf.', '不支持的内容类型'),
  'not-acceptable': line(406, 'NOT_ACCEPTABLE', 'The answer can be JSON or Protobuf.', '不支持的响应类型'),
  'field-invalid': line(422, 'FIELD_INVALID', 'A field is not valid.', '字段无效'),
  'field-missing': line(422, 'FIELD_MISSING', 'A field is missing.', '缺少字段'),
  'not-signed': line(401, 'SIGNATURE_INVALID', 'The request is not validly signed.', '签名无效'),
  'session-ended': line(401, 'SESSION_ENDED', 'Nobody is logged in, or the session is over.', '未登录或会话已结束'),
  'not-allowed': line(403, 'FORBIDDEN', 'The caller may not do this.', '无权执行该操作'),
  'not-found': line(404, 'NOT_FOUND', 'There is nothing here.', '资源不存在'),
  'method-not-allowed': line(405, 'METHOD', 'This method is not possible here.', '请求方法不支持'),
  'rate-limited': line(429, 'RATE_LIMITED', 'Too many requests; wait.', '请求过于频繁'),
  overloaded: line(
    429,
    'OVERLOADED',
    'The system is busy; ask again under the same id.',
    '系统繁忙，请使用相同编号重试',
  ),
  unavailable: line(
    503,
    'UNAVAILABLE',
    'Not available now; nothing was done. Ask again under the same id.',
    '服务暂不可用，请使用相同编号重试',
  ),
  'journal-unavailable': line(
    503,
    'JOURNAL_UNAVAILABLE',
    'The journal is not available now; payments and balances are.',
    '流水暂不可用',
  ),
  'owner-unreachable': line(
    503,
    'OWNER_UNREACHABLE',
    'The region that owns this shard cannot be reached now; without fresh=true this region answers from its copy.',
    '暂时无法连接该分片的主区域；不带fresh=true可读取本区域副本',
  ),
  'pay-link-invalid': line(
    404,
    'PAY_LINK_INVALID',
    'This code was not made here, or was changed.',
    '该收款码无效或已被篡改',
  ),
  'pay-link-expired': line(410, 'PAY_LINK_EXPIRED', 'The time to pay by this code is over.', '该收款码已过期'),
  'statement-open': line(409, 'STATEMENT_OPEN', 'The day is not closed yet.', '当日尚未结账'),
  'statement-too-long': line(
    422,
    'STATEMENT_TOO_LONG',
    'There are more lines than a statement holds.',
    '对账单行数超限',
  ),
  internal: line(500, 'INTERNAL', 'Something went wrong here.', '系统内部错误'),
} as const satisfies Record<ProblemCode, Line>

export type Language = 'en' | 'zh'

/** The language a client prefers: Chinese only when it asks for it before English. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const ranges = (acceptLanguage ?? '').toLowerCase().split(',')
  const ranked = ranges.map((range) => {
    const [tag = '', quality = ''] = range.trim().split(';q=')
    return { tag, quality: quality === '' ? 1 : Number(quality) }
  })
  const best = (prefix: string): number =>
    Math.max(0, ...ranked.filter(({ tag }) => tag.startsWith(prefix)).map(({ quality }) => quality || 0))
  return best('zh') > best('en') ? 'zh' : 'en'
}

/** An RFC 9457 problem; `reason` is the name in the closed list, `code` the short form for programs. */
export type Problem = {
  type: string
  title: string
  status: number
  code: string
  reason: string
  detail?: string
  instance?: string
  errors?: readonly { field: string; message: string }[]
} & Record<string, unknown>

export function problemOf(
  reason: ProblemCode,
  language: Language,
  about: {
    detail?: string
    instance?: string
    errors?: readonly { field: string; message: string }[]
    members?: Record<string, unknown>
  } = {},
): Problem {
  const { status, code, en, zh } = problems[reason]
  const { detail, instance, errors, members } = about
  return {
    type: `/problems/${reason}`,
    title: language === 'zh' ? zh : en,
    status,
    code,
    reason,
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(errors === undefined ? {} : { errors }),
    ...members,
  }
}
