import { createRegistry, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { file_jiaozi_v1_audit } from '../proto/gen/jiaozi/v1/audit_pb.ts'
import { file_jiaozi_v1_disputes } from '../proto/gen/jiaozi/v1/disputes_pb.ts'
import { file_jiaozi_v1_drills } from '../proto/gen/jiaozi/v1/drills_pb.ts'
import { file_jiaozi_v1_entries } from '../proto/gen/jiaozi/v1/entries_pb.ts'
import { file_jiaozi_v1_holds } from '../proto/gen/jiaozi/v1/holds_pb.ts'
import { file_jiaozi_v1_limits } from '../proto/gen/jiaozi/v1/limits_pb.ts'
import { file_jiaozi_v1_linked_accounts } from '../proto/gen/jiaozi/v1/linked_accounts_pb.ts'
import { file_jiaozi_v1_mandates } from '../proto/gen/jiaozi/v1/mandates_pb.ts'
import { file_jiaozi_v1_merchant_users } from '../proto/gen/jiaozi/v1/merchant_users_pb.ts'
import { file_jiaozi_v1_merchants } from '../proto/gen/jiaozi/v1/merchants_pb.ts'
import { file_jiaozi_v1_orders } from '../proto/gen/jiaozi/v1/orders_pb.ts'
import { file_jiaozi_v1_pay_links } from '../proto/gen/jiaozi/v1/pay_links_pb.ts'
import { file_jiaozi_v1_payees } from '../proto/gen/jiaozi/v1/payees_pb.ts'
import { file_jiaozi_v1_payments } from '../proto/gen/jiaozi/v1/payments_pb.ts'
import { file_jiaozi_v1_payouts } from '../proto/gen/jiaozi/v1/payouts_pb.ts'
import { file_jiaozi_v1_positions } from '../proto/gen/jiaozi/v1/positions_pb.ts'
import { file_jiaozi_v1_principals } from '../proto/gen/jiaozi/v1/principals_pb.ts'
import { file_jiaozi_v1_recharges } from '../proto/gen/jiaozi/v1/recharges_pb.ts'
import { file_jiaozi_v1_reconciliations } from '../proto/gen/jiaozi/v1/reconciliations_pb.ts'
import { file_jiaozi_v1_refunds } from '../proto/gen/jiaozi/v1/refunds_pb.ts'
import { file_jiaozi_v1_region } from '../proto/gen/jiaozi/v1/region_pb.ts'
import { file_jiaozi_v1_risk } from '../proto/gen/jiaozi/v1/risk_pb.ts'
import { file_jiaozi_v1_statements } from '../proto/gen/jiaozi/v1/statements_pb.ts'
import { file_jiaozi_v1_totals } from '../proto/gen/jiaozi/v1/totals_pb.ts'
import { file_jiaozi_v1_users } from '../proto/gen/jiaozi/v1/users_pb.ts'
import { file_jiaozi_v1_wallet_events } from '../proto/gen/jiaozi/v1/wallet_events_pb.ts'
import { file_jiaozi_v1_wallets } from '../proto/gen/jiaozi/v1/wallets_pb.ts'
import { file_jiaozi_v1_webhooks } from '../proto/gen/jiaozi/v1/webhooks_pb.ts'

const registry = createRegistry(
  file_jiaozi_v1_disputes,
  file_jiaozi_v1_payouts,
  file_jiaozi_v1_entries,
  file_jiaozi_v1_holds,
  file_jiaozi_v1_limits,
  file_jiaozi_v1_linked_accounts,
  file_jiaozi_v1_merchants,
  file_jiaozi_v1_merchant_users,
  file_jiaozi_v1_mandates,
  file_jiaozi_v1_orders,
  file_jiaozi_v1_payees,
  file_jiaozi_v1_pay_links,
  file_jiaozi_v1_payments,
  file_jiaozi_v1_positions,
  file_jiaozi_v1_principals,
  file_jiaozi_v1_recharges,
  file_jiaozi_v1_refunds,
  file_jiaozi_v1_statements,
  file_jiaozi_v1_risk,
  file_jiaozi_v1_totals,
  file_jiaozi_v1_audit,
  file_jiaozi_v1_reconciliations,
  file_jiaozi_v1_region,
  file_jiaozi_v1_drills,
  file_jiaozi_v1_users,
  file_jiaozi_v1_wallet_events,
  file_jiaozi_v1_wallets,
  file_jiaozi_v1_webhooks,
)
const uint32Max = 0xffff_ffffn

/** The body is not the Protobuf message that it should be; `field` names the part that is wrong, where it is one. */
export class ProtobufError extends Error {
  readonly field: string | undefined

  constructor(field: string | undefined, message: string) {
    super(message)
    this.name = 'ProtobufError'
    this.field = field
  }
}

type Members = Readonly<Record<string, unknown>>

/** The message of this name. @throws Error when the .proto files have none */
export function messageNamed(name: string): DescMessage {
  const message = registry.getMessage(`jiaozi.v1.${name}`)
  if (message === undefined) throw new Error(`no .proto file has a message ${name}`)
  return message
}

const fieldsByNumber = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>()

function fieldOf(message: DescMessage, number: number): DescField | undefined {
  let fields = fieldsByNumber.get(message)
  if (fields === undefined) {
    fields = new Map(message.fields.map((field) => [field.number, field]))
    fieldsByNumber.set(message, fields)
  }
  return fields.get(number)
}

/**
 * Reads a request into the members that its JSON form would have, under the same names. As strict as for JSON: a field
 * that the message does not have, one that stands there twice and one of another type are mistakes, since a payer must
 * not sign what we would pass over.
 * @throws ProtobufError
 */
export function readMessage(name: string, bytes: Uint8Array): Members {
  return readFields(messageNamed(name), name, bytes)
}

/** @param name what the client knows the message by: its own name, or the field that holds it */
function readFields(message: DescMessage, name: string, bytes: Uint8Array): Members {
  const members = Object.create(null) as Record<string, unknown>
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = readOr(undefined, `the body is cut off or is no ${name}`, () => reader.tag())
    const field = fieldOf(message, number)
    if (field === undefined) throw new ProtobufError(undefined, `${name} has no field with the number ${number}`)
    const isList = field.fieldKind === 'list'
    if (field.name in members && !isList) throw new ProtobufError(field.name, 'stands there twice')
    if (wireType !== wireTypeOf(field)) throw new ProtobufError(field.name, 'is of another type than its field')
    const what = 'is cut off, or is no value of its field'
    const { message: inner } = field
    const value =
      inner === undefined
        ? readOr(field.name, what, () => readScalar(reader, field))
        : readFields(
            inner,
            field.name,
            readOr(field.name, what, () => reader.bytes()),
          )
    if (!isList) members[field.name] = value
    else if (field.name in members) (members[field.name] as unknown[]).push(value)
    else members[field.name] = [value]
  }
  return members
}

/** The library's errors speak of its own insides; ours say what the client got wrong. */
function readOr<T>(field: string | undefined, message: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtobufError) throw error
    throw new ProtobufError(field, message)
  }
}

function wireTypeOf(field: DescField): WireType {
  const delimited = field.scalar === ScalarType.STRING || field.message !== undefined
  return delimited ? WireType.LengthDelimited : WireType.Varint
}

/** Requests hold strings, numbers, yes or no, messages of these, and lists of such messages. */
function readScalar(reader: BinaryReader, field: DescField): string | number | boolean {
  switch (field.scalar) {
    case ScalarType.STRING:
      return reader.string(true)
    case ScalarType.BOOL:
      return reader.bool()
    case ScalarType.UINT32: {
      const value = BigInt(reader.uint64())
      if (value > uint32Max) throw new ProtobufError(field.name, 'is larger than 32 bits hold')
      return Number(value)
    }
    default:
      throw new Error(`no request may have a field such as ${field}`)
  }
}

/**
 * Writes an answer, whose members have the same names in JSON. What is null or absent there is not set here, and a number
 * in the place of a string, a whole amount, stands there in its digits. Equal bodies make equal bytes.
 */
export function writeMessage(name: string, body: Members): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  writeFields(writer, messageNamed(name), body)
  return writer.finish()
}

function writeFields(writer: BinaryWriter, message: DescMessage, body: Members): void {
  for (const field of message.fields) {
    const value = body[field.name]
    if (value === undefined || value === null) continue
    const items = field.fieldKind === 'list' ? (value as readonly unknown[]) : [value]
    for (const item of items) writeValue(writer, field, item)
  }
}

function writeValue(writer: BinaryWriter, field: DescField, value: unknown): void {
  if (field.message !== undefined) {
    writer.tag(field.number, WireType.LengthDelimited).fork()
    writeFields(writer, field.message, value as Members)
    writer.join()
    return
  }
  writer.tag(field.number, wireTypeOf(field))
  switch (field.scalar) {
    case ScalarType.STRING:
      writer.string(String(value))
      return
    case ScalarType.BOOL:
      writer.bool(value as boolean)
      return
    case ScalarType.UINT32:
      writer.uint32(value as number)
      return
    case ScalarType.UINT64:
      writer.uint64(value as number)
      return
    default:
      throw new Error(`no answer may have a field such as ${field}`)
  }
}
