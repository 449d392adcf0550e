/** Every command begins with these fields; its own follow at once. */
export const commandHead = {
  length: ['u16', 'bytes of this command, head included'],
  op: ['u8', 'which command'],
  signer: [
    'u8',
    '1 wallet key, 2 institution, 3 operator, 4 connector, 5 system, 6 key of a payee elsewhere, 7 key of a merchant’s sub-user',
  ],
  keyVersion: ['u32', "number of the wallet's or sub-user's key, when that signed"],
  actor: ['f64', 'wallet, user or institution number that the id belongs to'],
  id: ['bytes16', 'command id'],
  digestHigh: ['u32', 'SHA-256 of the canonical bytes, bytes 0-3'],
  digestLow: ['u32', 'SHA-256 of the canonical bytes, bytes 4-7'],
  token: ['f64', "the sender's number for this request"],
  principal: ['u32', 'institution, operator or sub-user that signed'],
  headReserved: ['u32', 'zero'],
} as const
