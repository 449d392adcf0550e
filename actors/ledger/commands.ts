import {
  putLimits,
  putPrincipal,
  putRecoveryRule,
  putRefundRule,
  putRiskPolicy,
  putRiskRule,
  putSecondPerson,
} from './administration.ts'
import { admitId, admitQuota, admitStranger, idMemoryMs, rememberDated, repeatAnswer } from './admission.ts'
import { bytesWords } from './commandBytes.ts'
import { answerDispute, openDispute, withdrawDispute } from './disputes.ts'
import { type Command, type Execute, type Executed, type Position, refuse } from './execution.ts'
import type { FrameInput } from './frameInput.ts'
import { captureHold, placeHold, voidHold } from './holds.ts'
import { bucketCount, idClass, idClasses } from './ids.ts'
import { type Layout, readRecord } from './layout.ts'
import { openLink, setLinkStatus } from './links.ts'
import { collectMandate } from './mandateCollections.ts'
import { cancelMandate, signMandate } from './mandates.ts'
import { putMerchant, replayWebhook, rotateWebhookSecret } from './merchants.ts'
import { putMerchantUser, removeMerchantUser } from './merchantUsers.ts'
import { payOrder } from './orderPayments.ts'
import { closeOrder, createOrder, tick } from './orders.ts'
import type { Outcomes } from './outcomes.ts'
import { putPayoutRule } from './payouts.ts'
import { openUser, openWallet, setWalletStatus, updateUser } from './people.ts'
import { decideProposal, needsSecondPerson, openProposal } from './proposals.ts'
import { requestRecharge, stepRecharge } from './recharges.ts'
import { type CommandOp, commandHeadRecord, commandOps, commandRecords, recordsWithText, senders } from './records.ts'
import { finishOverdue, startRecovery, stopRecovery } from './recoveries.ts'
import { requestRedemption, stepRedemption } from './redemptions.ts'
import { refundOrder } from './refunds.ts'
import { codeOf, rememberedByCode } from './refusals.ts'
import { createSplitOrder } from './splitOrders.ts'
import { putStanding } from './standings.ts'
import type { State } from './state.ts'
import { setWalletKey } from './walletKeys.ts'

type Rule<K extends CommandOp> = {
  execute: Execute<K>
  /** Classes of senders whose frames may hold it. */
  from: readonly number[]
  /** The number that decides in which shard it belongs; none for what goes to every shard. */
  homeOf?: (command: Command<K>) => number
  /**
   * Its id is the payer's, and the payee chooses it: only a UUIDv7, which the payer never makes by chance. A dated one
   * could be one of the payer's next, and would count against the payer's quota.
   */
  byPayee?: true
  /** It is known by what it speaks of (a step by its saga, an order by its number), not by an id of its own. */
  named?: true
}

const people = [senders.edge, senders.operator]
/** Lives in no shard. */
const nowhere = Number.NaN

const ruleTable: { readonly [K in Exclude<CommandOp, 'genesis'>]: Rule<K> } = {
  principalPut: { execute: putPrincipal, from: people },
  limitsPut: { execute: putLimits, from: people },
  riskRulePut: { execute: putRiskRule, from: people },
  refundRulePut: { execute: putRefundRule, from: people },
  recoveryRulePut: { execute: putRecoveryRule, from: people },
  userOpen: { execute: openUser, from: people, homeOf: (c) => (c.bucket < bucketCount ? c.bucket : nowhere) },
  userUpdate: { execute: updateUser, from: people, homeOf: (c) => c.user },
  walletOpen: { execute: openWallet, from: people, homeOf: (c) => c.user },
  walletStatus: { execute: setWalletStatus, from: people, homeOf: (c) => c.wallet },
  walletKey: { execute: setWalletKey, from: people, homeOf: (c) => c.wallet },
  recoveryStart: { execute: startRecovery, from: people, homeOf: (c) => c.wallet },
  recoveryStop: { execute: stopRecovery, from: people, homeOf: (c) => c.wallet },
  payoutRulePut: { execute: putPayoutRule, from: people, homeOf: (c) => c.wallet },
  disputeOpen: { execute: openDispute, from: people, homeOf: (c) => c.wallet },
  disputeAnswer: { execute: answerDispute, from: people, homeOf: (c) => c.wallet },
  disputeWithdraw: { execute: withdrawDispute, from: people, homeOf: (c) => c.wallet },
  linkOpen: { execute: openLink, from: people, homeOf: (c) => c.wallet },
  linkStatus: { execute: setLinkStatus, from: people, homeOf: (c) => c.wallet },
  rechargeRequest: { execute: requestRecharge, from: people, homeOf: (c) => c.wallet },
  rechargeStep: { execute: stepRecharge, from: [senders.connector], homeOf: (c) => c.wallet, named: true },
  redemptionRequest: { execute: requestRedemption, from: people, homeOf: (c) => c.wallet },
  redemptionStep: { execute: stepRedemption, from: [senders.connector], homeOf: (c) => c.wallet, named: true },
  orderCreate: { execute: createOrder, from: people, homeOf: (c) => c.wallet, named: true },
  orderCreateSplit: { execute: createSplitOrder, from: people, homeOf: (c) => c.wallet, named: true },
  orderClose: { execute: closeOrder, from: people, homeOf: (c) => c.wallet },
  orderRefund: { execute: refundOrder, from: people, homeOf: (c) => c.wallet },
  orderPayment: { execute: payOrder, from: [senders.edge], homeOf: (c) => c.payer },
  holdPlace: { execute: placeHold, from: [senders.edge], homeOf: (c) => c.wallet },
  holdCapture: { execute: captureHold, from: people, homeOf: (c) => c.wallet, byPayee: true },
  holdVoid: { execute: voidHold, from: people, homeOf: (c) => c.wallet },
  merchantPut: { execute: putMerchant, from: people, homeOf: (c) => c.wallet },
  webhookSecretRotate: { execute: rotateWebhookSecret, from: people, homeOf: (c) => c.wallet },
  webhookReplay: { execute: replayWebhook, from: people, homeOf: (c) => c.wallet },
  merchantUserPut: { execute: putMerchantUser, from: people, homeOf: (c) => c.wallet },
  merchantUserRemove: { execute: removeMerchantUser, from: people, homeOf: (c) => c.wallet },
  mandateSign: { execute: signMandate, from: [senders.edge], homeOf: (c) => c.wallet },
  mandateCancel: { execute: cancelMandate, from: people, homeOf: (c) => c.wallet },
  mandateCollect: { execute: collectMandate, from: people, homeOf: (c) => c.wallet, byPayee: true },
  riskPolicyPut: { execute: putRiskPolicy, from: people },
  standingPut: { execute: putStanding, from: people, homeOf: (c) => c.wallet },
  secondPersonPut: { execute: putSecondPerson, from: people },
  proposalOpen: { execute: openProposal, from: people },
  proposalDecide: { execute: decideProposal, from: people },
  tick: { execute: tick, from: [senders.host], named: true },
}

const nameByOp = new Map<number, CommandOp>(Object.entries(commandOps).map(([name, op]) => [op, name as CommandOp]))

/** Offsets of the commands in a frame, or undefined when their lengths do not add up to its body. */
export function commandOffsets(frame: FrameInput): number[] | undefined {
  const offsets: number[] = []
  let at = 0
  for (let i = 0; i < frame.count; i++) {
    if (at + commandHeadRecord.size > frame.bodyBytes) return undefined
    const length = frame.view.getUint16(at + commandHeadRecord.at.length, true)
    if (length < commandHeadRecord.size || length % 8 !== 0) return undefined
    offsets.push(at)
    at += length
  }
  return at === frame.bodyBytes ? offsets : undefined
}

/** Applies a frame of rare commands, one by one, in its order. */
export function applyCommands(s: State, frame: FrameInput, offsets: number[], out: Outcomes, repeated: boolean): void {
  out.count = frame.count
  for (const [i, at] of offsets.entries()) {
    applyOne(s, frame, at, i, out, repeated)
    s.ids.forget(s.logTimeMs - idMemoryMs, 2)
  }
}

function applyOne(s: State, frame: FrameInput, at: number, i: number, out: Outcomes, repeated: boolean): void {
  out.token[i] = frame.view.getFloat64(at + commandHeadRecord.at.token, true)
  out.destination[i] = 0
  out.value[i] = 0
  out.time[i] = s.logTimeMs
  out.seq[i] = frame.seq
  out.index[i] = i
  out.repeated[i] = 0
  out.ruleVersion[i] = s.ruleVersion
  const name = nameByOp.get(frame.u8[at + commandHeadRecord.at.op]!)
  if (name === undefined || name === 'genesis' || !fits(frame, at, name)) {
    out.code[i] = codeOf['command-unknown']
    return
  }
  applyNamed(s, frame, at, i, name, out, repeated)
}

/** Whether a command is as long as its record, and its text as it says. */
function fits(frame: FrameInput, at: number, name: CommandOp): boolean {
  const length = frame.view.getUint16(at, true)
  const { size } = commandRecords[name]
  const text = recordsWithText.get(name)
  if (text === undefined) return length === size
  if (length < size) return false
  const textBytes = frame.view.getUint16(at + text.lengthAt, true)
  return textBytes <= text.bytesMax && length === size + Math.ceil(textBytes / 8) * 8
}

function applyNamed<K extends Exclude<CommandOp, 'genesis'>>(
  s: State,
  frame: FrameInput,
  at: number,
  i: number,
  name: K,
  out: Outcomes,
  repeated: boolean,
): void {
  const rule: Rule<K> = ruleTable[name]
  const command = readRecord(commandRecords[name] as Layout, frame.view, at) as Command<K>
  const place = { seq: frame.seq, index: i, sender: frame.senderNumber }
  if (!rule.from.includes(frame.sender)) {
    out.code[i] = codeOf['sender-not-allowed']
    return
  }
  if (rule.homeOf !== undefined && s.shardOf(rule.homeOf(command)) !== s.genesis.shard) {
    out.code[i] = codeOf['shard-misplaced']
    return
  }
  if (rule.homeOf !== undefined) finishOverdue(s, s.walletRows.row(rule.homeOf(command)), out)
  if (rule.named) {
    // A step that came too early left no trace: a copy of its frame must not take it up later.
    if (repeated) out.code[i] = codeOf['frame-repeated']
    else settle(out, i, rule.execute(s, command, out, place))
  } else applyWithId(s, name, command, rule, i, place, out, repeated)
}

/** Judges the id first: a command seen before is answered as it was, and never executed twice. */
function applyWithId<K extends CommandOp>(
  s: State,
  name: K,
  command: Command<K>,
  rule: Rule<K>,
  i: number,
  place: Position,
  out: Outcomes,
  repeated: boolean,
): void {
  const { actor, id, digestHigh, digestLow, signer } = command as Command<'principalPut'>
  const words = bytesWords(id, digestHigh, digestLow)
  const known = s.ids.find(actor, words, 0)
  if (known >= 0) {
    repeatAnswer(s, out, i, known, digestHigh, digestLow, place.seq)
    return
  }
  const row = s.walletRows.row(actor)
  const kind = rule.byPayee && idClass(id, 0) !== idClasses.uuid ? codeOf['id-malformed'] : 0
  const again = repeated ? codeOf['frame-repeated'] : 0
  const admitted =
    admitActor(actor) ||
    kind ||
    admitId(s, actor, id, 0, words, 0) ||
    again ||
    (row < 0 && admitStranger(s, signer, id, 0)) ||
    admitQuota(s, row, id, 0)
  if (admitted !== 0) {
    out.code[i] = admitted
    return
  }
  const alone = needsSecondPerson(s, name, command)
  const executed = alone ? refuse('second-person-required') : rule.execute(s, command, out, place)
  settle(out, i, executed)
  const code = out.code[i]!
  if (code !== 0 && rememberedByCode[code] === 0) return
  rememberDated(s, row, actor, id, 0, words, 0)
  const entry = s.ids.add(actor, words, 0, 4)
  s.ids.settle(entry, code, s.logTimeMs, place.seq, i, out.value[i]!, out.destination[i]!)
}

/** An id belongs to a number that equals itself: what was executed for NaN would be executed again. */
function admitActor(actor: number): number {
  return Number.isSafeInteger(actor) && actor >= 0 ? 0 : codeOf['id-malformed']
}

function settle(out: Outcomes, i: number, executed: Executed): void {
  out.code[i] = codeOf[executed.refusal]
  out.value[i] = executed.value ?? 0
  out.destination[i] = executed.saga ? 255 : (executed.destination ?? 0)
}
