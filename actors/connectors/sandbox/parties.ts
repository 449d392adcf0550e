/** Code of the one bank of the sandbox at the one central bank. */
export const sandboxBankCode = 'SANDBANK'

/** What that bank holds at the central bank when both books are made: a trillion yuan, in fen. */
export const openingSettlementFen = 100_000_000_000_000

/** Names under which requests are signed. */
export const signers = { connector: 'connector', bank: 'bank' } as const
