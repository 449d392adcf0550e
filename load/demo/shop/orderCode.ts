import type { Signer } from '../../../edge/client/index.ts'
import { signatureHeaders } from '../../../edge/client/messageSignature.ts'
import type { Merchant } from './people.ts'
import { readQrSvg } from './qrReader.ts'

const timeoutMs = 10_000

/** What a customer finds who scans the picture of an order's code, as the shop shows it. */
export async function scanOrder({ walletId, signer, edgeUrl }: Merchant, orderNo: string): Promise<string> {
  const path = `/v1/merchants/${walletId}/orders/${orderNo}/qr?format=svg`
  return readQrSvg(await pictureAt(new URL(path, edgeUrl), signer))
}

/** The client reads answers in JSON alone: a picture is asked for with the same signature, and by hand. */
async function pictureAt(url: URL, signer: Signer): Promise<string> {
  const signed = await signatureHeaders(signer, 'GET', url, new Uint8Array(0), undefined, Date.now())
  const response = await fetch(url, { headers: signed, signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url.pathname} answers ${response.status}`)
  return response.text()
}
