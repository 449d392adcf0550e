import type { Executed } from '../../edge/gateway/submission.ts'
import type { Answer, Request } from './auditor/requestBook.ts'

/** Something that was asked for once and may be asked for again, in the same words. */
export type Errand = { readonly request: Request; readonly run: () => Promise<Answer> }

/** Where an answer stands in a log, as the auditor compares it. */
export const placeOf = ({ shard, seq, index }: Executed): string => `${shard}/${seq}/${index}`
