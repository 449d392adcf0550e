/**
 * One schema table per record: offsets, documentation and the generic codec all come from it,
 * so that an encoder and a decoder can never disagree.
 */
export type FieldType = 'u8' | 'u16' | 'u32' | 'f64' | `bytes${number}`

export type FieldTable = Readonly<Record<string, readonly [type: FieldType, meaning: string]>>

export type Layout<T extends FieldTable = FieldTable> = {
  readonly name: string
  /** Bytes of one record, a multiple of 8 so that records in a row stay aligned for Float64Array. */
  readonly size: number
  /** Byte offset of each field, little-endian. */
  readonly at: { readonly [K in keyof T]: number }
  readonly fields: T
  /** The same field by field, worked out once: records are read and written for every frame. */
  readonly places: readonly Place[]
}

type Place = { readonly field: string; readonly type: FieldType; readonly at: number; readonly size: number }

const sizeOf = (type: FieldType): number =>
  type === 'u8' ? 1 : type === 'u16' ? 2 : type === 'u32' ? 4 : type === 'f64' ? 8 : Number(type.slice(5))

const alignmentOf = (type: FieldType): number => (type.startsWith('bytes') ? 1 : sizeOf(type))

/**
 * Lays fields out in the order given.
 * @throws Error when a field is not on its natural boundary or the record is not a multiple of 8 bytes:
 * padding is written down as a field, never implied.
 */
export function layout<const T extends FieldTable>(name: string, fields: T): Layout<T> {
  const at: Record<string, number> = {}
  const places: Place[] = []
  let offset = 0
  for (const [field, [type]] of Object.entries(fields)) {
    if (offset % alignmentOf(type) !== 0) throw new Error(`${name}.${field} at ${offset} is not aligned for ${type}`)
    at[field] = offset
    places.push({ field, type, at: offset, size: sizeOf(type) })
    offset += sizeOf(type)
  }
  if (offset % 8 !== 0) throw new Error(`${name} has ${offset} bytes, not a multiple of 8`)
  return { name, size: offset, at: at as { readonly [K in keyof T]: number }, fields, places }
}

export type RecordValue = number | Uint8Array
export type RecordOf<T extends FieldTable> = {
  [K in keyof T]: T[K][0] extends `bytes${number}` ? Uint8Array : number
}

/** Writes one record at `offset`. Byte fields shorter than their place are padded with zeros. */
export function writeRecord<T extends FieldTable>(
  record: Layout<T>,
  view: DataView,
  offset: number,
  values: RecordOf<T>,
): void {
  for (const { field, type, at: place, size } of record.places) {
    const at = offset + place
    const value = values[field as keyof T] as RecordValue
    if (type === 'u8') view.setUint8(at, value as number)
    else if (type === 'u16') view.setUint16(at, value as number, true)
    else if (type === 'u32') view.setUint32(at, value as number, true)
    else if (type === 'f64') view.setFloat64(at, value as number, true)
    else writeBytes(view, at, size, value as Uint8Array, `${record.name}.${field}`)
  }
}

function writeBytes(view: DataView, at: number, size: number, value: Uint8Array, name: string): void {
  if (value.length > size) throw new Error(`${name} holds ${size} bytes, not ${value.length}`)
  const target = new Uint8Array(view.buffer, view.byteOffset + at, size)
  target.fill(0)
  target.set(value)
}

/** Reads one record at `offset`; byte fields are copies. */
export function readRecord<T extends FieldTable>(record: Layout<T>, view: DataView, offset: number): RecordOf<T> {
  const out: Record<string, RecordValue> = {}
  for (const { field, type, at: place, size } of record.places) {
    const at = offset + place
    if (type === 'u8') out[field] = view.getUint8(at)
    else if (type === 'u16') out[field] = view.getUint16(at, true)
    else if (type === 'u32') out[field] = view.getUint32(at, true)
    else if (type === 'f64') out[field] = view.getFloat64(at, true)
    else out[field] = new Uint8Array(view.buffer, view.byteOffset + at, size).slice()
  }
  return out as RecordOf<T>
}
