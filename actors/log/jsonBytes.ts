/** JSON for the messages that are rare: bytes travel as {"$b": base64}, so that both ends see Uint8Array. */
export function encodeJson(value: unknown): Uint8Array {
  // Read from where it stands: a Buffer has a JSON form of its own by the time it is handed in.
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key: string, given: unknown) {
    const held = this[key]
    return held instanceof Uint8Array ? { $b: Buffer.from(held).toString('base64') } : given
  })
  return new TextEncoder().encode(text)
}

/** Reads what `encodeJson` wrote. @throws SyntaxError on anything that is not JSON. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes), (_key, held: unknown) => {
    const base64 = (held as { $b?: unknown } | null)?.$b
    return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : held
  })
}
