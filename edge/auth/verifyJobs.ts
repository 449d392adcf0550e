/** A job as its bytes: compressed key, algorithm, lengths, then message and signature. */
const keyBytes = 33
const algorithmAt = 33
const messageLengthAt = 34
const signatureLengthAt = 36
const headBytes = 38

export type VerifyJob = { algorithm: number; key: Uint8Array; message: Uint8Array; signature: Uint8Array }

export function jobBytes({ message, signature }: VerifyJob): number {
  return headBytes + message.length + signature.length
}

export function writeJob(bytes: Uint8Array, at: number, job: VerifyJob): void {
  const { algorithm, key, message, signature } = job
  bytes.set(key, at)
  bytes[at + algorithmAt] = algorithm
  bytes[at + messageLengthAt] = message.length & 0xff
  bytes[at + messageLengthAt + 1] = message.length >> 8
  bytes[at + signatureLengthAt] = signature.length
  bytes.set(message, at + headBytes)
  bytes.set(signature, at + headBytes + message.length)
}

/** The job is a view of `bytes`. */
export function readJob(bytes: Uint8Array, at: number): VerifyJob {
  const messageEnd = at + headBytes + bytes[at + messageLengthAt]! + bytes[at + messageLengthAt + 1]! * 256
  return {
    algorithm: bytes[at + algorithmAt]!,
    key: bytes.subarray(at, at + keyBytes),
    message: bytes.subarray(at + headBytes, messageEnd),
    signature: bytes.subarray(messageEnd, messageEnd + bytes[at + signatureLengthAt]!),
  }
}
