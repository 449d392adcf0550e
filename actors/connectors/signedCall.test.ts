import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { signedCall } from './signedCall.ts'
import { secretKey } from './wire.ts'

const key = secretKey('00'.repeat(16))
const part = Buffer.alloc(64 * 1024, ' ')
let server: Server

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

test('an answer that does not end is left before it fills the memory, however quickly it comes', async () => {
  const gone = Promise.withResolvers<void>()
  server = createServer((_request, response) => {
    const more = (): void => {
      while (response.write(part));
    }
    response.on('drain', more)
    response.on('close', () => gone.resolve())
    more()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = signedCall({ baseUrl, key, signer: 'connector' }, 'GET', '/', undefined, AbortSignal.timeout(10_000))
  await expect(call).rejects.toMatchObject({ name: 'CallFault', problem: 'malformed' })
  await gone.promise
})
