import { bigint, customType } from 'drizzle-orm/pg-core'

/** Raw bytes: ids, digests, sealed values. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
/** Fen, sequences and numbers: int8, read as bigint so that none is ever rounded. */
export const int8 = (name: string) => bigint(name, { mode: 'bigint' })
