/** Made from the OpenAPI document by `npm run generate`: change the routes, not this file. */

export type Payment = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  status: 'completed' | 'pending' | 'refused'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** Why it was refused: INSUFFICIENT_BALANCE, … */
  code?: string
  /** Why it was refused: its name in the closed list */
  reason?: string
  /** With 202: where to ask */
  status_url?: string
}

/** Where in its shard's log the request was executed */
export type Position = {
  shard: number
  seq: number
  index: number
}

/** RFC 9457 problem, in Chinese or English by Accept-Language */
export type Problem = {
  type: string
  title: string
  status: number
  /** Short form for programs */
  code: string
  /** Name in the closed list */
  reason: 
    | 'command-unknown'
    | 'sender-not-allowed'
    | 'shard-misplaced'
    | 'id-reused'
    | 'id-malformed'
    | 'id-early'
    | 'id-expired'
    | 'id-seen'
    | 'frame-repeated'
    | 'timestamp-stale'
    | 'timestamp-early'
    | 'wallet-unknown'
    | 'user-unknown'
    | 'institution-unknown'
    | 'signer-not-allowed'
    | 'key-not-current'
    | 'id-quota-exceeded'
    | 'ids-exhausted'
    | 'shard-full'
    | 'amount-invalid'
    | 'payer-is-payee'
    | 'wallet-frozen'
    | 'wallet-closed'
    | 'risk-control'
    | 'single-limit-exceeded'
    | 'day-limit-exceeded'
    | 'year-limit-exceeded'
    | 'funds-insufficient'
    | 'payee-unknown'
    | 'payee-frozen'
    | 'payee-closed'
    | 'payee-balance-limit-exceeded'
    | 'balance-limit-exceeded'
    | 'kyc-insufficient'
    | 'wallets-too-many'
    | 'wallet-not-empty'
    | 'status-not-allowed'
    | 'key-invalid'
    | 'rule-invalid'
    | 'linked-account-unknown'
    | 'linked-account-inactive'
    | 'linked-account-duplicate'
    | 'linked-account-limit-exceeded'
    | 'linked-account-funds-insufficient'
    | 'linked-account-refused'
    | 'issuance-refused'
    | 'payout-refused'
    | 'saga-unknown'
    | 'saga-step-passed'
    | 'authorisation-missing'
    | 'batch-not-local'
    | 'batch-linked'
    | 'merchant-required'
    | 'expiry-invalid'
    | 'orders-full'
    | 'order-reused'
    | 'order-unknown'
    | 'order-paid'
    | 'order-closed'
    | 'order-expired'
    | 'order-amount-differs'
    | 'malformed-json'
    | 'duplicate-member'
    | 'too-deep'
    | 'number-form'
    | 'body-too-large'
    | 'malformed-protobuf'
    | 'holds-full'
    | 'hold-unknown'
    | 'hold-expired'
    | 'hold-ended'
    | 'hold-exceeded'
    | 'split-invalid'
    | 'mandates-full'
    | 'mandate-dates-invalid'
    | 'mandate-unknown'
    | 'mandate-cancelled'
    | 'mandate-ended'
    | 'mandate-early'
    | 'mandate-scheduled'
    | 'mandate-exceeded'
    | 'mandate-late'
    | 'payouts-full'
    | 'disputes-full'
    | 'dispute-late'
    | 'dispute-open'
    | 'dispute-unknown'
    | 'dispute-ended'
    | 'merchant-user-unknown'
    | 'merchant-user-role'
    | 'merchant-user-limit'
    | 'recoveries-full'
    | 'recovery-open'
    | 'recovery-unknown'
    | 'payee-suspended'
    | 'payee-blacklisted'
    | 'payee-frequency'
    | 'risk-frequency'
    | 'risk-amount'
    | 'risk-device'
    | 'risk-linked-account'
    | 'confirmation-required'
    | 'second-person-required'
    | 'proposals-full'
    | 'proposal-unknown'
    | 'proposal-ended'
    | 'proposal-expired'
    | 'order-not-paid'
    | 'refund-period-over'
    | 'refund-exceeds-payment'
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
  detail?: string
  instance?: string
  /** Which part of the request is wrong */
  errors?: Array<{
    field: string
    message: string
  }>
}

export type PaymentRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  payee_wallet: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
  currency: 'CNY-DC'
  /** RFC 3339, within 15 minutes of now */
  timestamp: string
  /** Number of the payee’s order that is paid: the money comes back unless this payment is the first */
  order?: string
  /** Hex DER ECDSA P-256 with SHA-256 over the canonical bytes: the line 'jiaozi-payment-v1', a line feed, then the members above that are given as RFC 8785 JSON, the amount with exactly two decimals */
  signature: string
  webauthn?: WebAuthnAssertion
  /** Or in the header X-Device-Fingerprint */
  device_fingerprint?: string
  /** "latitude,longitude", or in the header X-Geo-Location */
  geo_location?: string
}

/** From a wallet whose key is a passkey, both in base64url: what the authenticator signed. Its challenge is the SHA-256 of the canonical bytes, and the signature is the authenticator’s. */
export type WebAuthnAssertion = {
  authenticator_data: string
  client_data_json: string
}

export type PayLinkState = {
  payee_wallet: string
  name_zh?: string
  name_en?: string
  /** Of an order; a merchant that is paid what the payer says is always payable */
  status: 'payable' | 'paid' | 'closed'
  /** To be named in the payment; absent: the payer says how much */
  order?: string
  amount?: string
  description?: string
  /** RFC 3339, UTC */
  expires_at?: string
  /** Of a paid order: the first 16 hex digits of the SHA-256 of the payment id, for its payer to know it by */
  paid_by?: string
  /** For payers whose clock is wrong: ids and timestamps follow it */
  server_time: string
}

export type Batch = {
  batch_id: string
  status: 'completed' | 'partly_refused' | 'refused' | 'pending'
  count: number
  completed: number
  refused: number
  pending: number
  /** Records in a row that ended alike, from and to inclusive */
  outcomes: Array<{
    from: number
    to: number
    outcome: 'completed' | 'refused' | 'pending' | 'unknown'
    code?: string
    reason?: string
  }>
}

export type UserOpened = {
  user_id: string
  /** Strength of identification, 1 strongest to 4 */
  kyc_level: number
  institution_id: number
  /** The name that was entered, as payers see it */
  masked_name?: string
}

/** The outcome is not known yet: ask again under the same id. It is named as the request named it. */
export type Pending = {
  request_id?: string
  status?: string
  /** Where to ask */
  status_url: string
}

export type OpenUserRequest = {
  /** Strength of identification, 1 strongest to 4 */
  kyc_level: number
  /** As in the papers; kept sealed, shown masked to who is about to pay */
  legal_name?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type User = {
  user_id: string
  /** Strength of identification, 1 strongest to 4 */
  kyc_level: number
  /** Risk level: 0 ordinary to 3 blocked */
  risk_level: number
  institution_id: number
  wallets: Array<string>
  as_of: AsOf
}

/** Position in the shard's log up to which the answer holds */
export type AsOf = {
  shard: number
  seq: number
  /** RFC 3339, UTC */
  time: string
  /** There when a region answers that does not own the shard: milliseconds since its copy last heard from the owner. What happened since may be missing; ?fresh=true asks the owner. */
  age_ms?: number
}

export type UserUpdated = {
  user_id: string
  /** Strength of identification, 1 strongest to 4 */
  kyc_level?: number
  /** Risk level: 0 ordinary to 3 blocked */
  risk_level?: number
  /** The name that was entered, as payers see it */
  masked_name?: string
}

export type UpdateUserRequest = {
  /** Strength of identification, 1 strongest to 4 */
  kyc_level?: number
  /** Risk level: 0 ordinary to 3 blocked */
  risk_level?: number
  /** As in the papers; kept sealed, shown masked to who is about to pay */
  legal_name?: string
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type WalletOpened = {
  user_id: string
  wallet_id: string
  /** Class 1-4 by strength of identification, 0 corporate */
  class: number
  kind: 'personal' | 'merchant'
  institution_id: number
  key_version: number
}

export type OpenWalletRequest = {
  user_id: string
  /** Class 1-4 by strength of identification, 0 corporate */
  class: number
  kind: 'personal' | 'merchant'
  /** Point on P-256: hex of 33 bytes compressed or 65 bytes uncompressed (SEC 1 §2.3), or PEM */
  public_key?: string
  /** Algorithm of the key; webauthn-p256 is a passkey, which comes in `passkey` */
  algorithm?: 'ecdsa-p256' | 'webauthn-p256'
  passkey?: PasskeyRegistration
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

/** What navigator.credentials.create() gave, for the challenge SHA-256 of the line jiaozi-passkey-v1, a line feed and {"request_id":…,"subject":…}; the subject is the wallet, or the user for whom one is opened. Attestation "none", user verified. */
export type PasskeyRegistration = {
  attestation_object: string
  client_data_json: string
}

export type Wallet = {
  user_id: string
  wallet_id: string
  linked_accounts: Array<LinkedAccount>
  balance: string
  /** Set aside for payees, no longer in the balance */
  held: string
  /** Recharges under way */
  pending_in: string
  /** Class 1-4 by strength of identification, 0 corporate */
  class: number
  kind: 'personal' | 'merchant'
  risk_level: number
  status: 'open' | 'frozen' | 'closed'
  institution_id: number
  key_version: number
  limits: {
    balance: string | null
    single: string | null
    day: string | null
    year: string | null
    day_used: string
    year_used: string
  }
  /** A new key waits: it will sign from then on, unless the present one objects */
  key_recovery?: {
    /** RFC 3339, UTC */
    started_at: string
    /** RFC 3339, UTC */
    effective_at: string
  }
  as_of: AsOf
}

export type LinkedAccount = {
  link_id: number
  account_type: 'bank' | 'payment'
  /** Always masked */
  account_no: string
  /** Yuan that may be drawn a day; a number when whole, else a decimal string */
  balance_limit: number | string
  drawn_today: string
  status: 'active' | 'closed'
}

export type WalletStatusChanged = {
  wallet_id: string
  status: 'open' | 'frozen' | 'closed'
}

export type ChangeWalletStatusRequest = {
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type WalletKeyChanged = {
  wallet_id: string
  key_version: number
}

export type ChangeWalletKeyRequest = {
  /** Point on P-256: hex of 33 bytes compressed or 65 bytes uncompressed (SEC 1 §2.3), or PEM */
  public_key?: string
  /** Algorithm of the key; webauthn-p256 is a passkey, which comes in `passkey` */
  algorithm?: 'ecdsa-p256' | 'webauthn-p256'
  passkey?: PasskeyRegistration
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type RevokeWalletKeyRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type KeyRecovery = {
  wallet_id: string
  status: 'waiting' | 'done'
  /** When the new key signs, unless somebody objects until then */
  effective_at: string
  /** Of the key that signs now */
  key_version: number
}

export type RecoverWalletKeyRequest = {
  /** Point on P-256: hex of 33 bytes compressed or 65 bytes uncompressed (SEC 1 §2.3), or PEM */
  public_key?: string
  /** Algorithm of the key; webauthn-p256 is a passkey, which comes in `passkey` */
  algorithm?: 'ecdsa-p256' | 'webauthn-p256'
  passkey?: PasskeyRegistration
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type KeyRecoveryStopped = {
  wallet_id: string
  status: 'stopped'
}

export type StopKeyRecoveryRequest = {
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type AccountLinked = {
  link_id: number
  account_type: 'bank' | 'payment'
  /** Always masked */
  account_no: string
  /** Yuan that may be drawn a day; a number when whole, else a decimal string */
  balance_limit: number | string
}

export type LinkAccountRequest = {
  account_type: 'bank' | 'payment'
  account_no: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  balance_limit: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type LinkedAccounts = {
  wallet_id: string
  linked_accounts: Array<LinkedAccount>
  as_of: AsOf
}

export type AccountUnlinked = {
  link_id: number
  status: 'closed'
}

export type RechargeResponse = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  tx_id: string
  wallet_id: string
  status: 'completed' | 'pending' | 'refused'
  /** COMPLETED, PENDING, RISK_CONTROL, INSUFFICIENT_BALANCE, … */
  code: string
  amount: string
  /** The wallet's balance when it ended */
  balance?: string
  /** Left out while the shard has not been heard */
  requested_at?: string
  /** RFC 3339, UTC */
  ended_at?: string
  /** With 202: where to ask */
  status_url?: string
}

export type RechargeRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  tx_id: string
  wallet_id: string
  /** Number of the linked account */
  link_id?: number
  /** Or its number, full or as shown */
  account_no?: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
  /** The bank's authorisation; sealed at once, shown to nobody but the bank */
  auth_token: string
}

export type RedemptionResponse = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  tx_id: string
  wallet_id: string
  status: 'completed' | 'pending' | 'refused'
  /** COMPLETED, PENDING, RISK_CONTROL, INSUFFICIENT_BALANCE, … */
  code: string
  amount: string
  /** The wallet's balance when it ended */
  balance?: string
  /** Left out while the shard has not been heard */
  requested_at?: string
  /** RFC 3339, UTC */
  ended_at?: string
  /** With 202: where to ask */
  status_url?: string
}

export type RedemptionRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  tx_id: string
  wallet_id: string
  /** Number of the linked account */
  link_id?: number
  /** Or its number, full or as shown */
  account_no?: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
}

export type Payee = {
  wallet_id: string
  kind: 'personal' | 'merchant'
  /** Class 1-4 by strength of identification, 0 corporate */
  class: number
  /** False while nothing can be paid into it; why is not told */
  can_receive: boolean
  /** What a merchant calls itself */
  name_zh?: string
  name_en?: string
  /** The holder's legal name, masked */
  masked_name: string | null
  /** none: its institution entered no name; unavailable: names cannot be read now, payments can be made */
  name_status: 'shown' | 'none' | 'unavailable'
}

export type PaymentSearch = {
  payments: Array<JournalPayment>
}

export type JournalPayment = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  status: 'completed' | 'pending' | 'refused'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** Why it was refused: INSUFFICIENT_BALANCE, … */
  code?: string
  /** Why it was refused: its name in the closed list */
  reason?: string
  payee_wallet: string
  amount: string
  /** To operators: how many versions of limits and risk rules had come into force when it was judged */
  rule_version?: number
}

export type Merchant = {
  wallet_id: string
  /** Counts the profiles; 0 while there is none */
  profile_version: number
  name_zh?: string
  name_en?: string
  contact?: string
  callback_url?: string
  /** RFC 3339, UTC */
  changed_at?: string
  /** Of the secret that signs what the merchant is told */
  secret_generation: number
  /** RFC 3339, UTC */
  secret_rotated_at?: string
  /** Left out where the answer is not a reading */
  as_of?: AsOf
}

export type PutMerchantRequest = {
  /** Name that payers see in Chinese */
  name_zh: string
  /** Name that payers see in English */
  name_en?: string
  /** How payers reach it */
  contact?: string
  /** Where the merchant is told of orders that name no address of their own */
  callback_url?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type MerchantUser = {
  user_no: number
  /** Counts how often the number was given a key */
  version: number
  /** What its signatures name */
  keyid: string
  /** cashier: makes orders without splits, closes and reads orders and their codes; refunder: that and refunds up to its limit; accountant: reads orders, refunds, statements, entries, balance and what the merchant was told */
  role: 'cashier' | 'refunder' | 'accountant'
  /** Yuan that a refunder may send back in one refund */
  refund_limit?: string
  public_key: string
  /** What the merchant calls it; kept sealed */
  label?: string
  /** RFC 3339, UTC */
  changed_at: string
}

export type PutMerchantUserRequest = {
  /** cashier: makes orders without splits, closes and reads orders and their codes; refunder: that and refunds up to its limit; accountant: reads orders, refunds, statements, entries, balance and what the merchant was told */
  role: 'cashier' | 'refunder' | 'accountant'
  /** Point on P-256: hex of 33 bytes compressed or 65 bytes uncompressed (SEC 1 §2.3), or PEM */
  public_key: string
  /** Yuan that a refunder may send back in one refund */
  refund_limit?: string
  /** What the merchant calls it; kept sealed */
  label?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type MerchantUserList = {
  wallet_id: string
  users: Array<MerchantUser>
  as_of: AsOf
}

export type MerchantUserHistory = {
  wallet_id: string
  user_no: number
  entries: Array<MerchantUserEntry>
}

export type MerchantUserEntry = {
  /** Counts how often the number was given a key */
  version: number
  /** cashier: makes orders without splits, closes and reads orders and their codes; refunder: that and refunds up to its limit; accountant: reads orders, refunds, statements, entries, balance and what the merchant was told */
  role: 'cashier' | 'refunder' | 'accountant'
  /** Yuan that a refunder may send back in one refund */
  refund_limit?: string
  /** What the merchant calls it; kept sealed */
  label?: string
  status: 'active' | 'replaced' | 'removed'
  /** When it was entered, or of one that was removed when that was */
  changed_at: string
}

export type MerchantUserRemoved = {
  wallet_id: string
  user_no: number
  status: 'removed'
}

export type MerchantList = {
  merchants: Array<ListedMerchant>
  next_cursor: string | null
}

export type ListedMerchant = {
  wallet_id: string
  /** The institution that it belongs to */
  institution: number
  status: 'open' | 'frozen' | 'closed'
  /** Whether the wallet may be paid */
  standing: 'good' | 'suspended' | 'blacklisted'
  name_zh?: string
  name_en?: string
  contact?: string
  /** Counts the profiles; 0 while there is none */
  profile_version: number
  /** When the profile was */
  changed_at: string | null
}

export type WebhookSecret = {
  wallet_id: string
  /** Counts the secrets, from 1 */
  generation: number
  /** Verifies the signatures v1 (HMAC-SHA256) */
  secret: string
  /** Verifies the signatures v1a (Ed25519) */
  public_key: string
  /** Signs beside the newest until previous_until */
  previous_secret?: string
  previous_public_key?: string
  /** RFC 3339, UTC */
  previous_until?: string
}

export type RotateWebhookSecretRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type WebhookList = {
  wallet_id: string
  webhooks: Array<Webhook>
  next_cursor: string | null
  /** How far the journal has followed the merchant's shard */
  followed: AsOf
}

export type Webhook = {
  /** The webhook-id of its calls */
  webhook_id: string
  wallet_id: string
  type: 'order.paid' | 'order.expired' | 'order.closed' | 'refund.completed' | 'refund.failed'
  /** The merchant's own number of the order, unique for the merchant */
  order_no: string
  refund_id?: string
  /** RFC 3339, UTC */
  happened_at: string
  /** pending, delivered, dead after three days of tries, unaddressed when nobody said where, elsewhere when the region that owned the shard has ended it */
  status: 'pending' | 'delivered' | 'dead' | 'unaddressed' | 'elsewhere'
  attempts: number
  /** How often it was asked for again */
  replays: number
  /** RFC 3339, UTC */
  next_attempt_at?: string
  /** RFC 3339, UTC */
  ended_at?: string
  position: Position
  /** What is sent, byte for byte */
  body?: string
  /** The tries, newest first */
  deliveries?: Array<WebhookDelivery>
  followed?: AsOf
}

export type WebhookDelivery = {
  /** How often it had been asked for again by then */
  replay: number
  attempt: number
  /** RFC 3339, UTC */
  at: string
  url: string
  /** Of the answer, 0 when there was none */
  status: number
  error?: string
  duration_ms: number
  /** The first 1,024 bytes of the answer */
  response: string
}

export type WebhookReplay = {
  wallet_id: string
  /** The webhook-id of its calls */
  webhook_id: string
  request_id: string
}

export type ReplayWebhookRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type DeadWebhookList = {
  webhooks: Array<Webhook>
  next_cursor: string | null
}

export type Order = {
  wallet_id: string
  /** The merchant's own number of the order, unique for the merchant */
  order_no: string
  status: 'created' | 'paid' | 'partly_refunded' | 'refunded' | 'expired' | 'closed'
  amount: string
  /** Of the amount, refunds under way included */
  refunded: string
  /** RFC 3339, UTC */
  created_at: string
  /** RFC 3339, UTC */
  expires_at: string
  /** When it was paid, closed or expired */
  ended_at?: string
  payer_wallet?: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id?: string
  /** Who else gets a part of the money */
  splits?: Array<OrderSplit>
  by?: SigningUser
  /** What it is for */
  description?: string
  /** One line each */
  goods?: string
  /** Where the merchant is told of the end */
  callback_url?: string
  /** Left out where the answer is not a reading */
  as_of?: AsOf
}

export type OrderSplit = {
  payee_wallet: string
  amount: string
  percent?: string
  /** What is returned stays with the merchant */
  status: 'waiting' | 'paid' | 'returned'
  /** Why it was returned: its name in the closed list */
  reason?: string
  /** Of the merchant’s payment that brought it */
  payment_id?: string
}

/** Sub-user of the merchant that signed it; left out when its own key or its institution did */
export type SigningUser = {
  user_no: number
  version: number
}

export type CreateOrderRequest = {
  /** The merchant's own number of the order, unique for the merchant */
  order_no: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
  /** RFC 3339, at most 30 days ahead: from then on it cannot be paid */
  expires_at: string
  /** Who gets a part of the money when it is paid: an amount, or a percentage; the rest stays */
  splits?: Array<SplitRequest>
  /** What it is for */
  description?: string
  /** One line each */
  goods?: string
  /** Where the merchant is told of the end */
  callback_url?: string
}

export type SplitRequest = {
  payee_wallet: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount?: string
  /** Of what the named amounts leave */
  percent?: string
}

export type OrderList = {
  wallet_id: string
  orders: Array<Order>
  next_cursor: string | null
  /** How far the journal has followed the merchant's shard */
  followed: AsOf
}

export type CloseOrderRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PayLink = {
  /** What the code says */
  url: string
  wallet_id: string
  /** The merchant's own number of the order, unique for the merchant */
  order_no?: string
  /** Left out where the code can be paid for ever */
  expires_at?: string
}

export type Refund = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  refund_id: string
  wallet_id: string
  /** The merchant's own number of the order, unique for the merchant */
  order_no: string
  amount: string
  status: 'completed' | 'pending' | 'refused'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** Why it came back: PAYEE_CLOSED, … */
  code?: string
  /** Its name in the closed list */
  reason?: string
  by?: SigningUser
  /** With 202: where to ask */
  status_url?: string
}

export type RefundOrderRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  refund_id: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
}

export type RefundList = {
  wallet_id: string
  /** The merchant's own number of the order, unique for the merchant */
  order_no: string
  refunds: Array<{
    /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
    refund_id: string
    wallet_id: string
    /** The merchant's own number of the order, unique for the merchant */
    order_no: string
    amount: string
    status: 'completed' | 'pending' | 'refused'
    /** RFC 3339, UTC */
    executed_at?: string
    position?: Position
    /** Why it came back: PAYEE_CLOSED, … */
    code?: string
    /** Its name in the closed list */
    reason?: string
    by?: SigningUser
  }>
  /** How far the journal has followed the merchant's shard */
  followed: AsOf
}

export type Hold = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  hold_id: string
  wallet_id: string
  payee_wallet: string
  amount: string
  /** What the payee has taken of it */
  captured: string
  status: 'held' | 'captured' | 'voided' | 'expired'
  /** RFC 3339, UTC */
  placed_at: string
  /** RFC 3339, UTC */
  expires_at: string
  /** When nothing was held any more */
  ended_at?: string
  /** Left out where the answer is not a reading */
  as_of?: AsOf
}

export type PlaceHoldRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  hold_id: string
  payee_wallet: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
  /** RFC 3339, at most 30 days ahead */
  expires_at: string
}

export type HoldList = {
  wallet_id: string
  holds: Array<Hold>
  next_cursor: string | null
  /** How far the journal has followed the wallet's shard */
  followed: AsOf
}

export type Capture = {
  /** A UUIDv7 in lower case, no dated id; the same on every try */
  capture_id: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  hold_id: string
  wallet_id: string
  amount: string
  status: 'completed' | 'pending'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** With 202: where to ask */
  status_url?: string
}

export type CaptureHoldRequest = {
  /** A UUIDv7 in lower case, no dated id; the same on every try */
  capture_id: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
}

export type VoidHoldRequest = {
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type Mandate = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  mandate_id: string
  wallet_id: string
  payee_wallet: string
  kind: 'collect' | 'schedule'
  status: 'active' | 'cancelled' | 'ended'
  /** Of one payment: at most when it is collected, exactly when it is scheduled */
  amount: string
  period: 'once' | 'day' | 'week' | 'month'
  /** In one period at most */
  period_amount?: string
  /** Taken in the period of now */
  period_taken?: string
  /** Taken in all, without what came back */
  taken: string
  payments: number
  /** Scheduled payments that were not made */
  missed: number
  count_max?: number
  /** RFC 3339, UTC */
  first_at: string
  /** RFC 3339, UTC */
  ends_at?: string
  /** Of a schedule that goes on: its next payment, or the next try of one */
  next_at?: string
  /** Why the last scheduled payment was refused, or why a payment came back */
  last_reason?: string
  /** RFC 3339, UTC */
  signed_at: string
  /** RFC 3339, UTC */
  ended_at?: string
  purpose?: string
  /** In a payee's list: a person's masked name, or what a merchant calls itself */
  payer_name?: string
  /** Left out where the answer is not a reading */
  as_of?: AsOf
}

export type SignMandateRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  mandate_id: string
  payee_wallet: string
  /** Whether the payee collects, or it is paid by itself */
  kind: 'collect' | 'schedule'
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
  /** In Shanghai; weeks begin on Monday */
  period: 'once' | 'day' | 'week' | 'month'
  /** In one period at most; only of what is collected */
  period_amount?: string
  /** RFC 3339, at most 366 days ahead: from when it may be collected, or of the first payment. A month that lacks its date has the payment on its last day */
  first_at: string
  /** RFC 3339; from then on nothing is paid */
  ends_at?: string
  /** Payments in all */
  count_max?: number
  /** What it is for */
  purpose?: string
}

export type MandateList = {
  wallet_id: string
  mandates: Array<Mandate>
  next_cursor: string | null
  /** How far the journal has followed the wallet's shard */
  followed: AsOf
}

export type CancelMandateRequest = {
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PayeeMandateList = {
  /** The payee */
  wallet_id: string
  mandates: Array<Mandate>
  next_cursor: string | null
  /** How far the journal has followed each shard */
  followed: Array<AsOf>
}

export type Collection = {
  /** A UUIDv7 in lower case, no dated id; the same on every try */
  collection_id: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  mandate_id: string
  wallet_id: string
  amount: string
  status: 'completed' | 'pending'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** With 202: where to ask */
  status_url?: string
}

export type CollectMandateRequest = {
  /** A UUIDv7 in lower case, no dated id; the same on every try */
  collection_id: string
  /** Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text) */
  amount: string
}

export type MandatePayments = {
  wallet_id: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  mandate_id: string
  payments: Array<MandatePayment>
  /** How far the journal has followed the payer's shard */
  followed: AsOf
}

export type MandatePayment = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  amount: string
  status: 'completed' | 'pending' | 'refused'
  /** RFC 3339, UTC */
  executed_at: string
  position: Position
  /** Why it was refused: INSUFFICIENT_BALANCE, … */
  code?: string
  /** Its name in the closed list */
  reason?: string
}

export type Entries = {
  wallet_id: string
  entries: Array<Entry>
  next_cursor: string | null
  /** How far the journal has followed the wallet's shard */
  followed: AsOf
}

export type Entry = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  id: string
  kind: 
    | 'payment_out'
    | 'payment_in'
    | 'payment_returned'
    | 'recharge'
    | 'redemption'
    | 'redemption_returned'
    | 'refund_out'
    | 'refund_in'
    | 'refund_returned'
    | 'hold_placed'
    | 'hold_released'
    | 'split_out'
    | 'split_in'
    | 'split_returned'
  /** Signed: minus left the wallet */
  amount: string
  /** The other wallet, null for banks */
  counterparty: string | null
  position: Position
  /** RFC 3339, UTC */
  time: string
}

export type WalletEvents = {
  wallet_id: string
  events: Array<WalletEvent>
  /** Ask for what comes after it */
  last_event_id: string
  /** How far the journal has followed the wallet's shard */
  followed: AsOf
}

export type WalletEvent = {
  /** Where in the log it happened */
  event_id: string
  event: 
    | 'payment.sent'
    | 'payment.received'
    | 'payment.returned'
    | 'recharge.settled'
    | 'redemption.requested'
    | 'redemption.returned'
    | 'refund.sent'
    | 'refund.received'
    | 'refund.returned'
    | 'hold.placed'
    | 'hold.released'
    | 'split.sent'
    | 'split.received'
    | 'split.returned'
    | 'order.paid'
    | 'key.rotated'
    | 'key.revoked'
    | 'key.recovery_started'
    | 'key.recovery_stopped'
    | 'key.recovered'
    | 'wallet.frozen'
    | 'wallet.unfrozen'
    | 'wallet.closed'
    | 'dispute.changed'
    | 'payout.failed'
  /** RFC 3339, UTC */
  time: string
  /** Of the payment, recharge, hold or other request */
  id?: string
  /** Signed: minus left the wallet */
  amount?: string
  /** The other wallet */
  counterparty?: string
  /** The merchant's order that was paid */
  order_no?: string
  /** When a new key signs */
  effective_at?: string
  key_version?: number
  /** Of the case */
  status?: string
  link_id?: number
  /** Why a payout could not be made */
  reason?: string
}

export type Receipt = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  status: 'completed'
  payer: PaymentParty
  payee: PaymentParty
  amount: string
  currency: 'CNY-DC'
  order_no?: string
  /** RFC 3339, UTC */
  executed_at: string
  position: Position
}

export type PaymentParty = {
  wallet_id: string
  /** A merchant's name, or a person's masked one */
  name?: string
}

export type PayoutRule = {
  wallet_id: string
  link_id: number
  /** In Shanghai, every day */
  at: string
  floor: string
  reserve: string
  /** RFC 3339, UTC */
  next_at: string
  /** When it last came to its turn */
  last_at?: string
  /** Why nothing could be paid then */
  last_reason?: string
  /** Left out where the answer is not a reading */
  as_of?: AsOf
}

export type PutPayoutRuleRequest = {
  /** Number of the linked account */
  link_id: number
  /** In Shanghai, every day */
  at: string
  /** Nothing is paid out below it */
  floor: string | null
  /** Stays in the wallet */
  reserve: string | null
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PayoutRuleEnded = {
  wallet_id: string
  status: 'ended'
}

export type Dispute = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  payee_wallet: string
  amount: string
  /** returned: the payee consented; bounced: and the payer’s wallet was closed, so that it stayed */
  status: 'open' | 'returned' | 'declined' | 'expired' | 'withdrawn' | 'bounced'
  /** What the payer says */
  reason?: string
  /** RFC 3339, UTC */
  opened_at?: string
  /** RFC 3339, UTC */
  answer_until: string
  /** RFC 3339, UTC */
  ended_at?: string
}

export type OpenDisputeRequest = {
  /** For the payee; kept sealed */
  reason: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type DisputeEnded = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  status: 'open' | 'returned' | 'declined' | 'expired' | 'withdrawn' | 'bounced'
}

export type WithdrawDisputeRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type DisputeList = {
  wallet_id: string
  disputes: Array<Dispute>
  /** How far the journal has followed the wallet's shard */
  followed: AsOf
}

export type DisputeReturn = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  return_id: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  payment_id: string
  payer_wallet: string
  wallet_id: string
  status: 'completed' | 'pending'
  /** RFC 3339, UTC */
  executed_at?: string
  position?: Position
  /** With 202: where to ask */
  status_url?: string
}

export type ConsentDisputeRequest = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  return_id: string
}

export type DeclineDisputeRequest = {
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type MonthlyStatement = {
  wallet_id: string
  month: string
  /** False while the month goes on: then closing is the balance so far */
  complete: boolean
  opening: string
  money_in: string
  money_out: string
  closing: string
  totals: Array<StatementTotal>
  lines: Array<StatementLine>
  followed: AsOf
}

export type StatementTotal = {
  kind: string
  count: number
  /** Signed: minus left the wallet */
  sum: string
}

export type StatementLine = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  id: string
  kind: string
  /** Signed: minus left the wallet */
  amount: string
  /** In the wallet after it */
  balance: string
  counterparty?: string
  order_no?: string
  /** RFC 3339, UTC */
  time: string
}

export type DailyStatement = {
  wallet_id: string
  date: string
  lines: number
  opening: string
  money_in: string
  money_out: string
  closing: string
  totals: Array<StatementTotal>
  /** Of the file up to its last line, which says it too */
  sha256: string
}

export type Limits = {
  classes: Array<ClassLimits>
  risk_levels: Array<RiskRule>
  refund_periods: Array<RefundRule>
  recovery_waits: Array<RecoveryRule>
  as_of: AsOf
}

export type ClassLimits = {
  /** Wallet class 1-4, or 0 for corporate wallets */
  class: number
  /** RFC 3339, UTC */
  effective_at: string
  /** Yuan, or null for none */
  balance: string | null
  /** Yuan, or null for none */
  single: string | null
  /** Yuan, or null for none */
  day: string | null
  /** Yuan, or null for none */
  year: string | null
}

export type RiskRule = {
  level: number
  /** RFC 3339, UTC */
  effective_at: string
  /** Share of the single and day limits that is left */
  percent: number
  recharges_per_day_max: number
  payments_per_day_max: number
}

export type RefundRule = {
  /** How long after its payment an order may be refunded */
  days: number
  /** RFC 3339, UTC */
  effective_at: string
}

export type RecoveryRule = {
  /** How long who has the old key may object to a new one */
  minutes: number
  /** RFC 3339, UTC */
  effective_at: string
}

export type RuleTaken = {
  request_id: string
  status: 'in-force-or-dated'
}

export type PutLimitsRequest = {
  /** Wallet class 1-4, or 0 for corporate wallets */
  class: number
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  /** Yuan as in other amounts, or "none" or null for no limit */
  balance: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  single: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  day: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  year: string | null
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PutRiskRuleRequest = {
  level: number
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  percent: number
  recharges_per_day_max: number
  payments_per_day_max: number
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PutRefundRuleRequest = {
  days: number
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PutRecoveryRuleRequest = {
  minutes: number
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type RiskPolicies = {
  rules: Array<RiskPolicy>
  /** How many versions of limits and risk rules have come into force: payments are kept with it */
  rule_version: number
  second_person_required: boolean
  as_of: AsOf
}

export type RiskPolicy = {
  /** What the rule judges */
  kind: 'payer-frequency' | 'device-frequency' | 'merchant-frequency' | 'habit' | 'new-device' | 'new-linked-account'
  /** What becomes of a payment that it speaks of. confirm: only a wallet whose key is a passkey may make it. off ends the rule */
  action: 'off' | 'refuse' | 'confirm'
  /** Of a frequency: what payments are counted in */
  window?: '10s' | '1m' | '1h'
  payments_max?: number
  factor?: number
  amount?: string | null
  age_seconds?: number
  /** RFC 3339, UTC */
  effective_at: string
  in_force: boolean
}

export type PutRiskPolicyRequest = {
  /** What the rule judges */
  kind: 'payer-frequency' | 'device-frequency' | 'merchant-frequency' | 'habit' | 'new-device' | 'new-linked-account'
  /** What becomes of a payment that it speaks of. confirm: only a wallet whose key is a passkey may make it. off ends the rule */
  action: 'off' | 'refuse' | 'confirm'
  /** Of a frequency: what payments are counted in */
  window?: '10s' | '1m' | '1h'
  /** Of a frequency: most payments in the window */
  payments_max?: number
  /** Of a habit: how many times the average of a wallet is too much */
  factor?: number
  /** Yuan: most that a merchant takes in the window, or above which the rule speaks */
  amount?: string | null
  /** Seconds after which a device or linked account is no longer new */
  age_seconds?: number
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type PutSecondPersonRequest = {
  required: boolean
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type StandingTaken = {
  wallet_id: string
  /** Whether the wallet may be paid */
  standing: 'good' | 'suspended' | 'blacklisted'
}

export type PutStandingRequest = {
  /** Whether the wallet may be paid */
  standing: 'good' | 'suspended' | 'blacklisted'
  /** Why, for statistics */
  cause: 'fraud' | 'complaints' | 'authority' | 'institution' | 'resolved' | 'other'
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type StandingList = {
  wallet_id: string
  /** Whether the wallet may be paid */
  standing: 'good' | 'suspended' | 'blacklisted'
  changes: Array<StandingChange>
}

export type StandingChange = {
  /** Whether the wallet may be paid */
  standing: 'good' | 'suspended' | 'blacklisted'
  /** Why, for statistics */
  cause: 'fraud' | 'complaints' | 'authority' | 'institution' | 'resolved' | 'other'
  /** Who said so, or agreed */
  by: string
  /** RFC 3339, UTC */
  changed_at: string
  position: Position
}

export type ProposalOpened = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  proposal_id: string
  status: 'open'
  /** RFC 3339, UTC */
  expires_at: string
}

export type OpenProposalRequest = {
  /** What is proposed */
  change: 'risk_rule' | 'limits' | 'risk_level' | 'refund_period' | 'recovery_wait' | 'standing' | 'principal' | 'second_person'
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** Until when somebody may agree: at most 30 days ahead, 7 when left out */
  expires_at?: string
  /** From when on; now when it is left out or has passed */
  effective_at?: string
  /** What the rule judges */
  kind?: 'payer-frequency' | 'device-frequency' | 'merchant-frequency' | 'habit' | 'new-device' | 'new-linked-account'
  /** What becomes of a payment that it speaks of. confirm: only a wallet whose key is a passkey may make it. off ends the rule */
  action?: 'off' | 'refuse' | 'confirm'
  /** Of a frequency: what payments are counted in */
  window?: '10s' | '1m' | '1h'
  /** Of a frequency: most payments in the window */
  payments_max?: number
  /** Of a habit: how many times the average of a wallet is too much */
  factor?: number
  /** Yuan: most that a merchant takes in the window, or above which the rule speaks */
  amount?: string | null
  /** Seconds after which a device or linked account is no longer new */
  age_seconds?: number
  class?: number
  /** Yuan as in other amounts, or "none" or null for no limit */
  balance?: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  single?: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  day?: string | null
  /** Yuan as in other amounts, or "none" or null for no limit */
  year?: string | null
  level?: number
  percent?: number
  recharges_per_day_max?: number
  payments_per_day_max?: number
  days?: number
  minutes?: number
  wallet_id?: string
  /** Whether the wallet may be paid */
  standing?: 'good' | 'suspended' | 'blacklisted'
  /** Why, for statistics */
  cause?: 'fraud' | 'complaints' | 'authority' | 'institution' | 'resolved' | 'other'
  role?: 'institution' | 'operator'
  number?: number
  active?: boolean
  public_key?: string
  required?: boolean
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type ProposalList = {
  proposals: Array<Proposal>
  next_cursor: string | null
  /** How far the journal has followed the first shard */
  followed: AsOf
}

export type Proposal = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  proposal_id: string
  change: string
  status: 'open' | 'done' | 'given-up' | 'expired'
  reason: string
  proposed_by: string
  /** RFC 3339, UTC */
  opened_at: string
  /** RFC 3339, UTC */
  expires_at: string
  decided_by?: string
  /** RFC 3339, UTC */
  decided_at?: string
  /** What would be done, read from the command itself */
  details: Array<{
    name: string
    value: string
  }>
}

export type ProposalDecided = {
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  proposal_id: string
  status: 'done' | 'given-up'
}

export type DecideProposalRequest = {
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type Principals = {
  principals: Array<Principal>
  as_of: AsOf
}

export type Principal = {
  key_id: string
  role: 'institution' | 'operator'
  number: number
  active: boolean
  /** Ed25519 public key, 32 bytes in hex */
  public_key: string
}

export type PutPrincipalRequest = {
  role: 'institution' | 'operator'
  number: number
  active?: boolean
  /** Ed25519 public key, 32 bytes in hex */
  public_key: string
  /** Why, in at most 200 characters; an operator must say it. It is kept in the log: name no person */
  reason?: string
  /** May stand here instead of in the Idempotency-Key header */
  request_id?: string
}

export type Totals = {
  shards: Array<ShardTotals>
  wallets: string
  issuance: string
  redeeming: string
  in_flight: string
}

export type ShardTotals = {
  /** In all wallets, what is held aside in them included */
  wallets: string
  /** Of it what is held aside for payees */
  held: string
  wallet_count: number
  /** Issued against reserves, less what was burnt */
  issuance: string
  /** On its way out of wallets, not burnt yet */
  redeeming: string
  /** Owed to other shards less taken in from them; adds up over all shards */
  in_flight: string
  /** Room reserved for recharges under way */
  pending_in: string
  open_sagas: number
  digest: string
  chain: string
  as_of: AsOf
}

export type PaymentsFound = {
  payments: Array<JournalPayment>
  next_cursor: string | null
}

export type PaymentTrail = {
  payment: JournalPayment
  steps: Array<PaymentStep>
  order: {
    wallet_id: string
    order_no: string
    refund: boolean
  } | null
}

export type PaymentStep = {
  step: 'requested' | 'debited' | 'refused' | 'credited' | 'returned' | 'completed'
  wallet_id: string | null
  /** Signed: minus left the wallet */
  amount: string | null
  /** RFC 3339, UTC */
  time: string | null
  /** Null for what is not a record of the log */
  position: Position | null
  /** Why it was refused or came back */
  reason: string | null
  /** Its number on the way to the other shard */
  transit: number | null
}

export type Audit = {
  acts: Array<Act>
  next_cursor: string | null
}

export type Act = {
  /** Who */
  operator: string
  /** What, by the name of its record in the log */
  act: string
  /** The wallet that it was about */
  wallet_id: string | null
  /** What the command said, in its own words */
  details: Array<{
    name: string
    value: string
  }>
  /** Why, as the operator wrote it */
  reason: string | null
  /** accepted, or the refusal */
  outcome: string
  /** A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try */
  request_id: string
  /** RFC 3339, UTC */
  time: string
  position: Position
}

export type Reconciliations = {
  reconciliations: Array<Reconciliation>
}

export type Reconciliation = {
  /** RFC 3339, UTC */
  ended_at: string
  verdict: 'pass' | 'fail' | 'unknown'
  /** Yuan that could not be explained */
  difference: string
  figures: Array<{
    name: string
    value: string
  }>
  notes: Array<string>
}

export type Region = {
  region: string
  peer: string | null
  /** RFC 3339, UTC */
  time: string
  shards: Array<RegionShard>
  /** None where processes cannot be asked from here */
  processes: Array<RegionProcess>
}

export type RegionShard = {
  shard: number
  /** The region that owns it */
  owner: string | null
  /** Rises with each change of owner */
  epoch: number | null
  /** alone: one region; sync: the other vouches for every frame; solo: it does not */
  mode: 'alone' | 'sync' | 'solo' | null
  /** Of this region: owner or standby, where there are two */
  role: string | null
  /** The process that leads or follows it here */
  worker: string | null
  /** Last applied log sequence */
  seq: number | null
  /** Commands applied since the log began */
  commands: number | null
  open_sagas: number | null
  /** Owner: entries that the other region has not vouched for */
  mark_lag: number | null
  /** Standby: entries that the owner has applied and this copy has not */
  mirror_lag: number | null
  /** Since the other region said anything about it */
  peer_heard_ms_ago: number | null
  /** The replicas of both regions were found to differ */
  differs: boolean
  /** How far the journal has followed it */
  followed_seq: number | null
}

export type RegionProcess = {
  name: string
  ready: boolean
  detail: string | null
}

export type Drills = {
  drills: Array<Drill>
}

export type Drill = {
  /** The drill, and when it began */
  name: string
  drill: string
  /** unknown: it could not be shown */
  verdict: 'pass' | 'fail' | 'unknown'
  /** RFC 3339, UTC */
  ended_at: string
  seconds: number | null
  /** For how long customers were without service */
  rto_ms: number | null
  /** As much of that as came after the word */
  after_word_ms: number | null
  /** Payments that were acknowledged and are lost */
  rpo_payments: number | null
  /** Their sum in yuan */
  rpo_amount: string | null
  /** Payments that took effect twice */
  doubled: number | null
  /** Payments that customers had an answer to */
  answered: number | null
  /** In the books, in yuan */
  difference: string | null
}

export type DrillReport = {
  /** The drill, and when it began */
  name: string
  drill: string
  /** unknown: it could not be shown */
  verdict: 'pass' | 'fail' | 'unknown'
  /** RFC 3339, UTC */
  ended_at: string
  seconds: number | null
  /** For how long customers were without service */
  rto_ms: number | null
  /** As much of that as came after the word */
  after_word_ms: number | null
  /** Payments that were acknowledged and are lost */
  rpo_payments: number | null
  /** Their sum in yuan */
  rpo_amount: string | null
  /** Payments that took effect twice */
  doubled: number | null
  /** Payments that customers had an answer to */
  answered: number | null
  /** In the books, in yuan */
  difference: string | null
  checks: Array<{
    name: string
    /** unknown: it could not be shown */
    verdict: 'pass' | 'fail' | 'unknown'
    detail: string
  }>
  figures: Array<{
    name: string
    value: string
  }>
  notes: Array<string>
}

/** What each operation takes and answers; of those that answer in pages also what stands on one. */
export type Api = {
  submitPayment: {
    body: PaymentRequest
    answer: Payment
  }
  searchPayments: {
    query?: { payment_id?: string; wallet_id?: string; order_no?: string; from?: string; to?: string; amount_min?: string | number; amount_max?: string | number; outcome?: 'accepted' | 'refused'; limit?: number; cursor?: string }
    answer: PaymentsFound
    item: JournalPayment
  }
  showPayLink: {
    path: { token: string }
    answer: PayLinkState
  }
  submitBatch: {
    body: string
    answer: Batch
  }
  openUser: {
    body: OpenUserRequest
    answer: UserOpened
  }
  showUser: {
    path: { user_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: User
  }
  updateUser: {
    path: { user_id: string }
    body: UpdateUserRequest
    answer: UserUpdated
  }
  openWallet: {
    body: OpenWalletRequest
    answer: WalletOpened
  }
  showWallet: {
    path: { wallet_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: Wallet
  }
  freezeWallet: {
    path: { wallet_id: string }
    body: ChangeWalletStatusRequest
    answer: WalletStatusChanged
  }
  unfreezeWallet: {
    path: { wallet_id: string }
    body: ChangeWalletStatusRequest
    answer: WalletStatusChanged
  }
  closeWallet: {
    path: { wallet_id: string }
    body: ChangeWalletStatusRequest
    answer: WalletStatusChanged
  }
  rotateWalletKey: {
    path: { wallet_id: string }
    body: ChangeWalletKeyRequest
    answer: WalletKeyChanged
  }
  revokeWalletKey: {
    path: { wallet_id: string }
    body: RevokeWalletKeyRequest
    answer: WalletKeyChanged
  }
  recoverWalletKey: {
    path: { wallet_id: string }
    body: RecoverWalletKeyRequest
    answer: KeyRecovery
  }
  stopKeyRecovery: {
    path: { wallet_id: string }
    body: StopKeyRecoveryRequest
    answer: KeyRecoveryStopped
  }
  linkAccount: {
    path: { wallet_id: string }
    body: LinkAccountRequest
    answer: AccountLinked
  }
  listLinkedAccounts: {
    path: { wallet_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: LinkedAccounts
  }
  unlinkAccount: {
    path: { wallet_id: string; link_id: number }
    answer: AccountUnlinked
  }
  recharge: {
    body: RechargeRequest
    answer: RechargeResponse
  }
  showRecharge: {
    path: { tx_id: string }
    query?: { wallet_id?: string }
    answer: RechargeResponse
  }
  redeem: {
    body: RedemptionRequest
    answer: RedemptionResponse
  }
  showRedemption: {
    path: { tx_id: string }
    query?: { wallet_id?: string }
    answer: RedemptionResponse
  }
  showPayee: {
    path: { wallet_id: string }
    answer: Payee
  }
  showPayment: {
    path: { wallet_id: string; payment_id: string }
    answer: Payment
  }
  findPayment: {
    path: { payment_id: string }
    answer: PaymentSearch
  }
  putMerchant: {
    path: { wallet_id: string }
    body: PutMerchantRequest
    answer: Merchant
  }
  showMerchant: {
    path: { wallet_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: Merchant
  }
  putMerchantUser: {
    path: { wallet_id: string; user_no: number }
    body: PutMerchantUserRequest
    answer: MerchantUser
  }
  showMerchantUser: {
    path: { wallet_id: string; user_no: number }
    answer: MerchantUserHistory
  }
  removeMerchantUser: {
    path: { wallet_id: string; user_no: number }
    answer: MerchantUserRemoved
  }
  listMerchantUsers: {
    path: { wallet_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: MerchantUserList
  }
  listMerchants: {
    query?: { search?: string; limit?: number; cursor?: string }
    answer: MerchantList
    item: ListedMerchant
  }
  showWebhookSecret: {
    path: { wallet_id: string }
    answer: WebhookSecret
  }
  rotateWebhookSecret: {
    path: { wallet_id: string }
    body: RotateWebhookSecretRequest
    answer: WebhookSecret
  }
  listWebhooks: {
    path: { wallet_id: string }
    query?: { status?: 'pending' | 'delivered' | 'dead' | 'unaddressed' | 'elsewhere'; order_no?: string; limit?: number; cursor?: string }
    answer: WebhookList
    item: Webhook
  }
  showWebhook: {
    path: { wallet_id: string; webhook_id: string }
    answer: Webhook
  }
  replayWebhook: {
    path: { wallet_id: string; webhook_id: string }
    body: ReplayWebhookRequest
    answer: WebhookReplay
  }
  listDeadWebhooks: {
    query?: { limit?: number; cursor?: string }
    answer: DeadWebhookList
    item: Webhook
  }
  createOrder: {
    path: { wallet_id: string }
    body: CreateOrderRequest
    answer: Order
  }
  listOrders: {
    path: { wallet_id: string }
    query?: { limit?: number; cursor?: string }
    answer: OrderList
    item: Order
  }
  showOrder: {
    path: { wallet_id: string; order_no: string }
    query?: { fresh?: 'true' | 'false' }
    answer: Order
  }
  closeOrder: {
    path: { wallet_id: string; order_no: string }
    body: CloseOrderRequest
    answer: Order
  }
  showOrderQr: {
    path: { wallet_id: string; order_no: string }
    query?: { format?: 'svg' | 'png' }
    answer: PayLink
  }
  showMerchantQr: {
    path: { wallet_id: string }
    query?: { format?: 'svg' | 'png' }
    answer: PayLink
  }
  refundOrder: {
    path: { wallet_id: string; order_no: string }
    body: RefundOrderRequest
    answer: Refund
  }
  listRefunds: {
    path: { wallet_id: string; order_no: string }
    answer: RefundList
  }
  placeHold: {
    path: { wallet_id: string }
    body: PlaceHoldRequest
    answer: Hold
  }
  listHolds: {
    path: { wallet_id: string }
    query?: { limit?: number; cursor?: string }
    answer: HoldList
    item: Hold
  }
  showHold: {
    path: { wallet_id: string; hold_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: Hold
  }
  captureHold: {
    path: { wallet_id: string; hold_id: string }
    body: CaptureHoldRequest
    answer: Capture
  }
  voidHold: {
    path: { wallet_id: string; hold_id: string }
    body: VoidHoldRequest
    answer: Hold
  }
  signMandate: {
    path: { wallet_id: string }
    body: SignMandateRequest
    answer: Mandate
  }
  listMandates: {
    path: { wallet_id: string }
    query?: { limit?: number; cursor?: string }
    answer: MandateList
    item: Mandate
  }
  showMandate: {
    path: { wallet_id: string; mandate_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: Mandate
  }
  cancelMandate: {
    path: { wallet_id: string; mandate_id: string }
    body: CancelMandateRequest
    answer: Mandate
  }
  listPayeeMandates: {
    path: { wallet_id: string }
    query?: { status?: 'active' | 'cancelled' | 'ended'; limit?: number; cursor?: string }
    answer: PayeeMandateList
    item: Mandate
  }
  collectMandate: {
    path: { wallet_id: string; mandate_id: string }
    body: CollectMandateRequest
    answer: Collection
  }
  listMandatePayments: {
    path: { wallet_id: string; mandate_id: string }
    answer: MandatePayments
  }
  listEntries: {
    path: { wallet_id: string }
    query?: { limit?: number; cursor?: string }
    answer: Entries
    item: Entry
  }
  listWalletEvents: {
    path: { wallet_id: string }
    query?: { after?: string }
    answer: WalletEvents
  }
  showReceipt: {
    path: { wallet_id: string; payment_id: string }
    answer: Receipt
  }
  putPayoutRule: {
    path: { wallet_id: string }
    body: PutPayoutRuleRequest
    answer: PayoutRule
  }
  showPayoutRule: {
    path: { wallet_id: string }
    query?: { fresh?: 'true' | 'false' }
    answer: PayoutRule
  }
  endPayoutRule: {
    path: { wallet_id: string }
    answer: PayoutRuleEnded
  }
  openDispute: {
    path: { wallet_id: string; payment_id: string }
    body: OpenDisputeRequest
    answer: Dispute
  }
  withdrawDispute: {
    path: { wallet_id: string; payment_id: string }
    body: WithdrawDisputeRequest
    answer: DisputeEnded
  }
  listDisputes: {
    path: { wallet_id: string }
    query?: { limit?: number }
    answer: DisputeList
  }
  consentDispute: {
    path: { wallet_id: string; payer_wallet: string; payment_id: string }
    body: ConsentDisputeRequest
    answer: DisputeReturn
  }
  declineDispute: {
    path: { wallet_id: string; payer_wallet: string; payment_id: string }
    body: DeclineDisputeRequest
    answer: DisputeEnded
  }
  showStatement: {
    path: { wallet_id: string; month: string }
    answer: MonthlyStatement
  }
  showDailyStatement: {
    path: { wallet_id: string; date: string }
    answer: DailyStatement
  }
  showLimits: {
    query?: { fresh?: 'true' | 'false' }
    answer: Limits
  }
  putLimits: {
    body: PutLimitsRequest
    answer: RuleTaken
  }
  putRiskRule: {
    body: PutRiskRuleRequest
    answer: RuleTaken
  }
  putRefundRule: {
    body: PutRefundRuleRequest
    answer: RuleTaken
  }
  putRecoveryRule: {
    body: PutRecoveryRuleRequest
    answer: RuleTaken
  }
  showRiskPolicies: {
    query?: { fresh?: 'true' | 'false' }
    answer: RiskPolicies
  }
  putRiskPolicy: {
    body: PutRiskPolicyRequest
    answer: RuleTaken
  }
  putSecondPerson: {
    body: PutSecondPersonRequest
    answer: RuleTaken
  }
  putStanding: {
    path: { wallet_id: string }
    body: PutStandingRequest
    answer: StandingTaken
  }
  showStanding: {
    path: { wallet_id: string }
    answer: StandingList
  }
  openProposal: {
    body: OpenProposalRequest
    answer: ProposalOpened
  }
  listProposals: {
    query?: { limit?: number; cursor?: string }
    answer: ProposalList
    item: Proposal
  }
  approveProposal: {
    path: { proposal_id: string }
    body: DecideProposalRequest
    answer: ProposalDecided
  }
  rejectProposal: {
    path: { proposal_id: string }
    body: DecideProposalRequest
    answer: ProposalDecided
  }
  listPrincipals: {
    query?: { fresh?: 'true' | 'false' }
    answer: Principals
  }
  putPrincipal: {
    body: PutPrincipalRequest
    answer: Principal
  }
  showTotals: {
    query?: { fresh?: 'true' | 'false' }
    answer: Totals
  }
  showTrail: {
    path: { wallet_id: string; payment_id: string }
    answer: PaymentTrail
  }
  listActs: {
    query?: { wallet_id?: string; operator?: number; act?: 
  | 'genesis'
  | 'principalPut'
  | 'limitsPut'
  | 'riskRulePut'
  | 'refundRulePut'
  | 'recoveryRulePut'
  | 'userOpen'
  | 'userUpdate'
  | 'walletOpen'
  | 'walletStatus'
  | 'walletKey'
  | 'recoveryStart'
  | 'recoveryStop'
  | 'linkOpen'
  | 'linkStatus'
  | 'rechargeRequest'
  | 'rechargeStep'
  | 'redemptionRequest'
  | 'redemptionStep'
  | 'orderCreate'
  | 'orderClose'
  | 'orderPayment'
  | 'orderRefund'
  | 'orderCreateSplit'
  | 'tick'
  | 'holdPlace'
  | 'holdCapture'
  | 'holdVoid'
  | 'merchantPut'
  | 'webhookSecretRotate'
  | 'webhookReplay'
  | 'merchantUserPut'
  | 'merchantUserRemove'
  | 'mandateSign'
  | 'mandateCancel'
  | 'mandateCollect'
  | 'riskPolicyPut'
  | 'standingPut'
  | 'secondPersonPut'
  | 'proposalOpen'
  | 'proposalDecide'
  | 'payoutRulePut'
  | 'disputeOpen'
  | 'disputeAnswer'
  | 'disputeWithdraw'; limit?: number; cursor?: string }
    answer: Audit
    item: Act
  }
  listReconciliations: {
    query?: { limit?: number }
    answer: Reconciliations
  }
  showRegion: {
    answer: Region
  }
  listDrills: {
    query?: { limit?: number }
    answer: Drills
  }
  showDrill: {
    path: { name: string }
    answer: DrillReport
  }
}

type Known = {
  readonly method: string
  readonly path: string
  readonly signed: boolean
  /** Where its id goes, when it has none of its own among its members. */
  readonly id: 'request_id' | 'header' | 'none'
  /** Of its body. */
  readonly type: string
  /** The member that holds what stands on a page. */
  readonly items?: string
}

export const operations: Readonly<Record<keyof Api, Known>> = {
  submitPayment: { method: 'POST', path: '/v1/payments', signed: false, id: 'none', type: 'application/json' },
  searchPayments: { method: 'GET', path: '/v1/payments', signed: true, id: 'none', type: 'application/json', items: 'payments' },
  showPayLink: { method: 'GET', path: '/v1/pay-links/{token}', signed: false, id: 'none', type: 'application/json' },
  submitBatch: { method: 'POST', path: '/v1/payment-batches', signed: true, id: 'none', type: 'application/x-ndjson' },
  openUser: { method: 'POST', path: '/v1/users', signed: true, id: 'request_id', type: 'application/json' },
  showUser: { method: 'GET', path: '/v1/users/{user_id}', signed: true, id: 'none', type: 'application/json' },
  updateUser: { method: 'PATCH', path: '/v1/users/{user_id}', signed: true, id: 'request_id', type: 'application/json' },
  openWallet: { method: 'POST', path: '/v1/wallets', signed: true, id: 'request_id', type: 'application/json' },
  showWallet: { method: 'GET', path: '/v1/wallets/{wallet_id}', signed: true, id: 'none', type: 'application/json' },
  freezeWallet: { method: 'POST', path: '/v1/wallets/{wallet_id}/freeze', signed: true, id: 'request_id', type: 'application/json' },
  unfreezeWallet: { method: 'POST', path: '/v1/wallets/{wallet_id}/unfreeze', signed: true, id: 'request_id', type: 'application/json' },
  closeWallet: { method: 'POST', path: '/v1/wallets/{wallet_id}/close', signed: true, id: 'request_id', type: 'application/json' },
  rotateWalletKey: { method: 'POST', path: '/v1/wallets/{wallet_id}/keys', signed: true, id: 'request_id', type: 'application/json' },
  revokeWalletKey: { method: 'POST', path: '/v1/wallets/{wallet_id}/keys/revoke', signed: true, id: 'request_id', type: 'application/json' },
  recoverWalletKey: { method: 'POST', path: '/v1/wallets/{wallet_id}/keys/recover', signed: true, id: 'request_id', type: 'application/json' },
  stopKeyRecovery: { method: 'POST', path: '/v1/wallets/{wallet_id}/keys/recover/stop', signed: true, id: 'request_id', type: 'application/json' },
  linkAccount: { method: 'POST', path: '/v1/wallets/{wallet_id}/linked-accounts', signed: true, id: 'request_id', type: 'application/json' },
  listLinkedAccounts: { method: 'GET', path: '/v1/wallets/{wallet_id}/linked-accounts', signed: true, id: 'none', type: 'application/json' },
  unlinkAccount: { method: 'DELETE', path: '/v1/wallets/{wallet_id}/linked-accounts/{link_id}', signed: true, id: 'header', type: 'application/json' },
  recharge: { method: 'POST', path: '/v1/recharges', signed: true, id: 'none', type: 'application/json' },
  showRecharge: { method: 'GET', path: '/v1/recharges/{tx_id}', signed: true, id: 'none', type: 'application/json' },
  redeem: { method: 'POST', path: '/v1/redemptions', signed: true, id: 'none', type: 'application/json' },
  showRedemption: { method: 'GET', path: '/v1/redemptions/{tx_id}', signed: true, id: 'none', type: 'application/json' },
  showPayee: { method: 'GET', path: '/v1/payees/{wallet_id}', signed: true, id: 'none', type: 'application/json' },
  showPayment: { method: 'GET', path: '/v1/wallets/{wallet_id}/payments/{payment_id}', signed: true, id: 'none', type: 'application/json' },
  findPayment: { method: 'GET', path: '/v1/payments/{payment_id}', signed: true, id: 'none', type: 'application/json' },
  putMerchant: { method: 'PUT', path: '/v1/merchants/{wallet_id}', signed: true, id: 'request_id', type: 'application/json' },
  showMerchant: { method: 'GET', path: '/v1/merchants/{wallet_id}', signed: true, id: 'none', type: 'application/json' },
  putMerchantUser: { method: 'PUT', path: '/v1/merchants/{wallet_id}/users/{user_no}', signed: true, id: 'request_id', type: 'application/json' },
  showMerchantUser: { method: 'GET', path: '/v1/merchants/{wallet_id}/users/{user_no}', signed: true, id: 'none', type: 'application/json' },
  removeMerchantUser: { method: 'DELETE', path: '/v1/merchants/{wallet_id}/users/{user_no}', signed: true, id: 'header', type: 'application/json' },
  listMerchantUsers: { method: 'GET', path: '/v1/merchants/{wallet_id}/users', signed: true, id: 'none', type: 'application/json' },
  listMerchants: { method: 'GET', path: '/v1/merchants', signed: true, id: 'none', type: 'application/json', items: 'merchants' },
  showWebhookSecret: { method: 'GET', path: '/v1/merchants/{wallet_id}/webhook-secret', signed: true, id: 'none', type: 'application/json' },
  rotateWebhookSecret: { method: 'POST', path: '/v1/merchants/{wallet_id}/webhook-secret/rotate', signed: true, id: 'request_id', type: 'application/json' },
  listWebhooks: { method: 'GET', path: '/v1/merchants/{wallet_id}/webhooks', signed: true, id: 'none', type: 'application/json', items: 'webhooks' },
  showWebhook: { method: 'GET', path: '/v1/merchants/{wallet_id}/webhooks/{webhook_id}', signed: true, id: 'none', type: 'application/json' },
  replayWebhook: { method: 'POST', path: '/v1/merchants/{wallet_id}/webhooks/{webhook_id}/replay', signed: true, id: 'request_id', type: 'application/json' },
  listDeadWebhooks: { method: 'GET', path: '/v1/webhooks/dead', signed: true, id: 'none', type: 'application/json', items: 'webhooks' },
  createOrder: { method: 'POST', path: '/v1/merchants/{wallet_id}/orders', signed: true, id: 'none', type: 'application/json' },
  listOrders: { method: 'GET', path: '/v1/merchants/{wallet_id}/orders', signed: true, id: 'none', type: 'application/json', items: 'orders' },
  showOrder: { method: 'GET', path: '/v1/merchants/{wallet_id}/orders/{order_no}', signed: true, id: 'none', type: 'application/json' },
  closeOrder: { method: 'POST', path: '/v1/merchants/{wallet_id}/orders/{order_no}/close', signed: true, id: 'request_id', type: 'application/json' },
  showOrderQr: { method: 'GET', path: '/v1/merchants/{wallet_id}/orders/{order_no}/qr', signed: true, id: 'none', type: 'application/json' },
  showMerchantQr: { method: 'GET', path: '/v1/merchants/{wallet_id}/qr', signed: true, id: 'none', type: 'application/json' },
  refundOrder: { method: 'POST', path: '/v1/merchants/{wallet_id}/orders/{order_no}/refunds', signed: true, id: 'none', type: 'application/json' },
  listRefunds: { method: 'GET', path: '/v1/merchants/{wallet_id}/orders/{order_no}/refunds', signed: true, id: 'none', type: 'application/json' },
  placeHold: { method: 'POST', path: '/v1/wallets/{wallet_id}/holds', signed: true, id: 'none', type: 'application/json' },
  listHolds: { method: 'GET', path: '/v1/wallets/{wallet_id}/holds', signed: true, id: 'none', type: 'application/json', items: 'holds' },
  showHold: { method: 'GET', path: '/v1/wallets/{wallet_id}/holds/{hold_id}', signed: true, id: 'none', type: 'application/json' },
  captureHold: { method: 'POST', path: '/v1/wallets/{wallet_id}/holds/{hold_id}/captures', signed: true, id: 'none', type: 'application/json' },
  voidHold: { method: 'POST', path: '/v1/wallets/{wallet_id}/holds/{hold_id}/void', signed: true, id: 'request_id', type: 'application/json' },
  signMandate: { method: 'POST', path: '/v1/wallets/{wallet_id}/mandates', signed: true, id: 'none', type: 'application/json' },
  listMandates: { method: 'GET', path: '/v1/wallets/{wallet_id}/mandates', signed: true, id: 'none', type: 'application/json', items: 'mandates' },
  showMandate: { method: 'GET', path: '/v1/wallets/{wallet_id}/mandates/{mandate_id}', signed: true, id: 'none', type: 'application/json' },
  cancelMandate: { method: 'POST', path: '/v1/wallets/{wallet_id}/mandates/{mandate_id}/cancel', signed: true, id: 'request_id', type: 'application/json' },
  listPayeeMandates: { method: 'GET', path: '/v1/payees/{wallet_id}/mandates', signed: true, id: 'none', type: 'application/json', items: 'mandates' },
  collectMandate: { method: 'POST', path: '/v1/wallets/{wallet_id}/mandates/{mandate_id}/collections', signed: true, id: 'none', type: 'application/json' },
  listMandatePayments: { method: 'GET', path: '/v1/wallets/{wallet_id}/mandates/{mandate_id}/payments', signed: true, id: 'none', type: 'application/json' },
  listEntries: { method: 'GET', path: '/v1/wallets/{wallet_id}/entries', signed: true, id: 'none', type: 'application/json', items: 'entries' },
  listWalletEvents: { method: 'GET', path: '/v1/wallets/{wallet_id}/events', signed: true, id: 'none', type: 'application/json' },
  showReceipt: { method: 'GET', path: '/v1/wallets/{wallet_id}/payments/{payment_id}/receipt', signed: true, id: 'none', type: 'application/json' },
  putPayoutRule: { method: 'PUT', path: '/v1/merchants/{wallet_id}/payout-rule', signed: true, id: 'request_id', type: 'application/json' },
  showPayoutRule: { method: 'GET', path: '/v1/merchants/{wallet_id}/payout-rule', signed: true, id: 'none', type: 'application/json' },
  endPayoutRule: { method: 'DELETE', path: '/v1/merchants/{wallet_id}/payout-rule', signed: true, id: 'header', type: 'application/json' },
  openDispute: { method: 'POST', path: '/v1/wallets/{wallet_id}/payments/{payment_id}/dispute', signed: true, id: 'request_id', type: 'application/json' },
  withdrawDispute: { method: 'POST', path: '/v1/wallets/{wallet_id}/payments/{payment_id}/dispute/withdraw', signed: true, id: 'request_id', type: 'application/json' },
  listDisputes: { method: 'GET', path: '/v1/wallets/{wallet_id}/disputes', signed: true, id: 'none', type: 'application/json' },
  consentDispute: { method: 'POST', path: '/v1/wallets/{wallet_id}/disputes/{payer_wallet}/{payment_id}/consent', signed: true, id: 'none', type: 'application/json' },
  declineDispute: { method: 'POST', path: '/v1/wallets/{wallet_id}/disputes/{payer_wallet}/{payment_id}/decline', signed: true, id: 'request_id', type: 'application/json' },
  showStatement: { method: 'GET', path: '/v1/wallets/{wallet_id}/statements/{month}', signed: true, id: 'none', type: 'application/json' },
  showDailyStatement: { method: 'GET', path: '/v1/merchants/{wallet_id}/statements/{date}', signed: true, id: 'none', type: 'application/json' },
  showLimits: { method: 'GET', path: '/v1/limits', signed: true, id: 'none', type: 'application/json' },
  putLimits: { method: 'PUT', path: '/v1/limits', signed: true, id: 'request_id', type: 'application/json' },
  putRiskRule: { method: 'PUT', path: '/v1/limits/risk-levels', signed: true, id: 'request_id', type: 'application/json' },
  putRefundRule: { method: 'PUT', path: '/v1/limits/refunds', signed: true, id: 'request_id', type: 'application/json' },
  putRecoveryRule: { method: 'PUT', path: '/v1/limits/recoveries', signed: true, id: 'request_id', type: 'application/json' },
  showRiskPolicies: { method: 'GET', path: '/v1/risk-rules', signed: true, id: 'none', type: 'application/json' },
  putRiskPolicy: { method: 'PUT', path: '/v1/risk-rules', signed: true, id: 'request_id', type: 'application/json' },
  putSecondPerson: { method: 'PUT', path: '/v1/risk-rules/second-person', signed: true, id: 'request_id', type: 'application/json' },
  putStanding: { method: 'PUT', path: '/v1/wallets/{wallet_id}/standing', signed: true, id: 'request_id', type: 'application/json' },
  showStanding: { method: 'GET', path: '/v1/wallets/{wallet_id}/standing', signed: true, id: 'none', type: 'application/json' },
  openProposal: { method: 'POST', path: '/v1/proposals', signed: true, id: 'request_id', type: 'application/json' },
  listProposals: { method: 'GET', path: '/v1/proposals', signed: true, id: 'none', type: 'application/json', items: 'proposals' },
  approveProposal: { method: 'POST', path: '/v1/proposals/{proposal_id}/approve', signed: true, id: 'request_id', type: 'application/json' },
  rejectProposal: { method: 'POST', path: '/v1/proposals/{proposal_id}/reject', signed: true, id: 'request_id', type: 'application/json' },
  listPrincipals: { method: 'GET', path: '/v1/principals', signed: true, id: 'none', type: 'application/json' },
  putPrincipal: { method: 'PUT', path: '/v1/principals', signed: true, id: 'request_id', type: 'application/json' },
  showTotals: { method: 'GET', path: '/v1/totals', signed: true, id: 'none', type: 'application/json' },
  showTrail: { method: 'GET', path: '/v1/wallets/{wallet_id}/payments/{payment_id}/trail', signed: true, id: 'none', type: 'application/json' },
  listActs: { method: 'GET', path: '/v1/audit', signed: true, id: 'none', type: 'application/json', items: 'acts' },
  listReconciliations: { method: 'GET', path: '/v1/reconciliations', signed: true, id: 'none', type: 'application/json' },
  showRegion: { method: 'GET', path: '/v1/region', signed: true, id: 'none', type: 'application/json' },
  listDrills: { method: 'GET', path: '/v1/drills', signed: true, id: 'none', type: 'application/json' },
  showDrill: { method: 'GET', path: '/v1/drills/{name}', signed: true, id: 'none', type: 'application/json' },
}
