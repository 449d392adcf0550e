export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()

export const utf8 = (text: string): Bytes => encoder.encode(text)

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** @throws TypeError when it is no base64 */
export function bytesOfBase64(text: string): Bytes {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    throw new TypeError('the text is not base64')
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

export const bytesOfBase64Url = (text: string): Bytes => bytesOfBase64(text.replaceAll('-', '+').replaceAll('_', '/'))

export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
