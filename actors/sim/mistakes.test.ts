import { describe, expect, test } from 'vitest'
import {
  type CommandOp,
  commandHeadRecord,
  commandOps,
  commandRecords,
  frameKinds,
  paymentRecord,
  transitGroup,
  transitHeader,
  transitRecord,
} from '../ledger/records.ts'
import type { OpenedFrame, Opener, Sealer } from '../log/sealing.ts'
import type { FarPorts } from './farPorts.ts'
import type { Mistakes } from './mistakes.ts'
import { simulate } from './simulate.ts'

/** Seeds whose regions have several shards, so that every kind of frame is seen in one of them. */
const seeds = [11, 12, 13, 14, 15, 16]

/** What the auditor says of the first region in which the planted bug shows. */
async function firstViolation(mistakes: Partial<Mistakes>, days = 1): Promise<string> {
  for (const seed of seeds) {
    const { violations } = await simulate(seed, { calm: true, change: (drawn) => ({ ...drawn, days }), mistakes })
    if (violations.length > 0) return violations.join('\n')
  }
  return 'none: the auditor is blind'
}

/** Changes frames as they are opened. */
function opening(opener: Opener, change: (frame: OpenedFrame) => OpenedFrame): Opener {
  return { open: (bytes) => change(opener.open(bytes)), openMaybe: (bytes) => change(opener.open(bytes)) }
}

/** The same frame, with a fen more in the first amount that it carries. */
function dearer(frame: OpenedFrame, kind: number, at: (body: Uint8Array) => number): OpenedFrame {
  if (frame.header.kind !== kind) return frame
  const body = frame.body.slice()
  addFen(body, at(body))
  return { ...frame, body }
}

function addFen(body: Uint8Array, at: number): void {
  const view = new DataView(body.buffer, body.byteOffset)
  view.setFloat64(at, view.getFloat64(at, true) + 1, true)
}

/** The same command with a fen more at a place of its record, when it is the first of its frame. */
function dearerCommand(
  frame: OpenedFrame,
  op: 'mandateSign' | 'orderCreateSplit' | 'payoutRulePut' | 'merchantUserPut',
  at: number,
): OpenedFrame {
  return isFirst(frame, op) ? dearer(frame, frameKinds.commands, () => at) : frame
}

function isFirst({ header, body }: OpenedFrame, op: CommandOp): boolean {
  return header.kind === frameKinds.commands && body[commandHeadRecord.at.op] === commandOps[op]
}

/** A merchant's rule, when it is the first command of its frame, that ends what it should begin. */
function ended(frame: OpenedFrame): OpenedFrame {
  if (!isFirst(frame, 'payoutRulePut')) return frame
  const body = frame.body.slice()
  body[commandRecords.payoutRulePut.at.active] = 0
  return { ...frame, body }
}

/** A removal of a till, when it is the first command of its frame, that speaks of another one. */
function keptTill(frame: OpenedFrame): OpenedFrame {
  if (!isFirst(frame, 'merchantUserRemove')) return frame
  const body = frame.body.slice()
  body[commandRecords.merchantUserRemove.at.number] = 0
  return { ...frame, body }
}

/** A proposal about risk, when it is the first command of its frame, that lets anybody pay as often as it pleases. */
function lenient(frame: OpenedFrame): OpenedFrame {
  const { changeOp, change } = commandRecords.proposalOpen.at
  const { body } = frame
  if (!isFirst(frame, 'proposalOpen') || body[changeOp] !== commandOps.riskPolicyPut) return frame
  const changed = body.slice()
  const at = change + commandRecords.riskPolicyPut.at.paymentsMax - commandHeadRecord.size
  new DataView(changed.buffer).setFloat64(at, 1_000, true)
  return { ...frame, body: changed }
}

/** Where the first record of a transit frame stands: behind its groups. */
function transitAt(body: Uint8Array): number {
  const groups = new DataView(body.buffer, body.byteOffset).getUint32(transitHeader.at.groups, true)
  return transitHeader.size + groups * transitGroup.size
}

const transitAmount = (body: Uint8Array): number => transitAt(body) + transitRecord.at.amount

describe('the auditor finds what is planted', () => {
  test('a worker that drops what stands in a frame', async () => {
    const mistakes: Partial<Mistakes> = {
      opener: (opener, _shard, who) =>
        who === 'everybody'
          ? opener
          : opening(opener, (frame) =>
              frame.header.kind === frameKinds.payments ? { ...frame, header: { ...frame.header, shard: 99 } } : frame,
            ),
    }
    expect(await firstViolation(mistakes)).toMatch(/shard \d at \d+: .* has [0-9a-f]+, .* [0-9a-f]+/)
  })

  test('a ledger that credits a fen more than was sent', async () => {
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearer(f, frameKinds.transit, transitAmount)),
    }
    expect(await firstViolation(mistakes)).toMatch(/left as \d+ fen and arrived as \d+|sum to/)
  })

  test('a ledger that executes what nobody asked for', async () => {
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearer(f, frameKinds.payments, () => paymentRecord.at.amount)),
    }
    expect(await firstViolation(mistakes)).toMatch(/was never asked for/)
  })

  test('a schedule that pays a fen more than was signed', async () => {
    const { amount } = commandRecords.mandateSign.at
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearerCommand(f, 'mandateSign', amount)),
    }
    expect(await firstViolation(mistakes)).toMatch(/was never asked for/)
  })

  test('a merchant that sends on a fen more than it promised', async () => {
    const { amounts } = commandRecords.orderCreateSplit.at
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearerCommand(f, 'orderCreateSplit', amounts)),
    }
    expect(await firstViolation(mistakes)).toMatch(/was never asked for/)
  })

  test('a till that refunds a fen more than its merchant allows', async () => {
    const { limit } = commandRecords.merchantUserPut.at
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearerCommand(f, 'merchantUserPut', limit)),
    }
    expect(await firstViolation(mistakes)).toMatch(/refund \S+ of \d+ fen is a till's that may refund \d+/)
  })

  test('a till that refunds still when its merchant has removed it', async () => {
    const mistakes = { opener: (opener: Opener) => opening(opener, keptTill) }
    expect(await firstViolation(mistakes, 2)).toMatch(/refund \S+ is a till's that had been removed/)
  })

  test('a ledger that lets wallets pay more often than two operators agreed on', async () => {
    const mistakes = { opener: (opener: Opener) => opening(opener, lenient) }
    expect(await firstViolation(mistakes)).toMatch(/is one of \d+ in ten seconds; \d+ are allowed/)
  })

  test('a merchant that is paid out a fen less than lies above its reserve', async () => {
    const { reserve } = commandRecords.payoutRulePut.at
    const mistakes = {
      opener: (opener: Opener) => opening(opener, (f) => dearerCommand(f, 'payoutRulePut', reserve)),
    }
    expect(await firstViolation(mistakes, 2)).toMatch(/payout \d+\.\S+ of \d+ fen leaves \d+; the rule keeps \d+/)
  })

  test('a merchant that is not paid out when its time comes', async () => {
    const mistakes = { opener: (opener: Opener) => opening(opener, ended) }
    expect(await firstViolation(mistakes, 2)).toMatch(/wallet \d+ held \d+ fen at \d+ and was not paid out/)
  })

  test('a leader that sends a credit twice, under two transit numbers', async () => {
    const mistakes = { hostSealer: (sealer: Sealer): Sealer => ({ ...sealer, sealMaybe: twice(sealer) }) }
    expect(await firstViolation(mistakes)).toMatch(/arrived more often than it left/)
  })

  test('a connector that takes an issuance for done which was not made', async () => {
    const farPorts = ({ bank, centralBank }: FarPorts): FarPorts => {
      return { bank, centralBank: { ...centralBank, issue: async () => ({ kind: 'done' }) } }
    }
    expect(await firstViolation({ farPorts })).toMatch(/was credited with \d+ fen that were not issued/)
  })

  test('a connector that takes a burn for done which was not made', async () => {
    const farPorts = ({ bank, centralBank }: FarPorts): FarPorts => {
      return { bank, centralBank: { ...centralBank, burn: async () => ({ kind: 'done' }) } }
    }
    expect(await firstViolation({ farPorts })).toMatch(/redemption/)
  })

  test('an edge that calls a refused payment done', async () => {
    const heard = (outcome: string): string => (outcome === 'funds-insufficient' ? 'done' : outcome)
    expect(await firstViolation({ heard })).toMatch(/was acknowledged and is not there/)
  })

  test('an edge that calls an executed payment refused', async () => {
    const heard = (outcome: string): string => (outcome === 'done' ? 'risk-control' : outcome)
    expect(await firstViolation({ heard })).toMatch(/was answered "risk-control" and yet executed/)
  })
})

/** Seals every transit frame with its first record once more at its end. */
function twice(sealer: Sealer): Sealer['sealMaybe'] {
  return (fields, body, evidence) => {
    if (fields.kind !== frameKinds.transit) return sealer.sealMaybe(fields, body, evidence)
    const longer = new Uint8Array(body.length + transitRecord.size)
    longer.set(body)
    longer.set(body.subarray(transitAt(body), transitAt(body) + transitRecord.size), body.length)
    new DataView(longer.buffer).setUint32(transitHeader.at.records, fields.count + 1, true)
    return sealer.sealMaybe({ ...fields, count: fields.count + 1 }, longer, evidence)
  }
}
