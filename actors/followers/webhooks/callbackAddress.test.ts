import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import { AddressRefused, callableAddress, mayCall, resolveByNameServers } from './callbackAddress.ts'
import { mayBeCalled } from './callbackTarget.ts'

const refused = {
  'this host': ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  'private networks': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'link-local, and the clouds’ metadata': [
    '169.254.0.1',
    '169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
  ],
  'shared addresses of carriers': ['100.64.0.1', '100.127.255.255', '100.100.100.200'],
  'local addresses of IPv6': ['fc00::1', 'fdff::1', 'fec0::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  'reserved and broadcast': ['240.0.0.1', '255.255.255.255', '192.0.0.8', '198.18.0.1', '192.0.2.1', '2001:db8::1'],
  'IPv4 as IPv6 maps it': ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1'],
  'IPv4 as NAT64 translates it': ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  'IPv4 inside of 6to4 and Teredo': ['2002:7f00:1::', '2002:a00:1::1', '2001::1', '2001:0:7f00:1::1'],
  'what is no address': ['', 'localhost', '1.2.3', '1.2.3.4.5', '0x7f000001', '127.0.0.1:80'],
}

describe('no one may be called at', () => {
  test.each(Object.entries(refused))('%s', (_what, addresses) => {
    for (const address of addresses) expect([address, mayCall(address, false)]).toEqual([address, false])
  })

  test('any of these in development either, but for this machine', () => {
    const open = Object.values(refused)
      .flat()
      .filter((address) => mayCall(address, true))
    expect(open).toEqual(['127.0.0.1', '127.255.255.254', '::1'])
  })
})

test('what is public may be called', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '100.63.255.255', '172.32.0.1', '2400:3200::1', '2606:4700::1111']) {
    expect([address, mayCall(address, false)]).toEqual([address, true])
  }
})

describe('a host is called at an address', () => {
  const named =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address }))

  test('that was judged, the next one on each try, past those that are refused', async () => {
    const resolve = named('10.0.0.1', '8.8.8.8', '::1', '1.1.1.1')
    const found = await Promise.all([0, 1, 2].map((n) => callableAddress('shop.example', n, false, resolve)))
    expect(found).toEqual(['8.8.8.8', '1.1.1.1', '8.8.8.8'])
  })

  test('and at none when its name leads inside, or to nothing', async () => {
    for (const inside of [['127.0.0.1'], ['::ffff:10.1.1.1', '169.254.169.254'], []]) {
      await expect(callableAddress('evil.example', 0, false, named(...inside))).rejects.toThrow(AddressRefused)
    }
  })

  test('or when the host is such an address itself, however it is written', async () => {
    const never = () => Promise.reject(new Error('asked'))
    for (const url of [
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://[::1]/',
      'https://[::ffff:7f00:1]/',
    ]) {
      await expect(callableAddress(new URL(url).hostname, 0, false, never)).rejects.toThrow(AddressRefused)
    }
    expect(await callableAddress('[::1]', 0, true, never)).toBe('::1')
  })

  test('that it is asked for once a try: a name that leads elsewhere the second time leads nowhere', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1']]
    const rebinding = async () => answers.shift()!.map((address) => ({ address }))
    expect(await callableAddress('rebind.example', 0, false, rebinding)).toBe('8.8.8.8')
    await expect(callableAddress('rebind.example', 1, false, rebinding)).rejects.toThrow(AddressRefused)
  })
})

describe('a name server', () => {
  const cleanups: (() => void)[] = []
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup()
  })

  const answers: Readonly<Record<string, readonly number[][]>> = {
    'shop.example': [[8, 8, 8, 8]],
    'many.example': [
      [1, 1, 1, 1],
      [9, 9, 9, 9],
    ],
  }

  /** Knows the addresses above (of version 4), says of `gone.example` that there is none, and nothing of any other. */
  async function nameServer(): Promise<string> {
    const socket = createSocket('udp4')
    cleanups.push(() => socket.close())
    socket.on('message', (asked, { port, address }) => {
      const labels: string[] = []
      let at = 12
      for (; asked[at] !== 0; at += asked[at]! + 1) labels.push(asked.subarray(at + 1, at + 1 + asked[at]!).toString())
      const name = labels.join('.').toLowerCase()
      const known = answers[name]
      if (known === undefined && name !== 'gone.example') return
      const version4 = asked.readUInt16BE(at + 1) === 1
      const records = version4 ? (known ?? []) : []
      const head = Buffer.from(asked.subarray(0, 12))
      head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
      head.writeUInt16BE(records.length, 6)
      head.writeUInt32BE(0, 8)
      const bodies = records.map((bytes) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...bytes]))
      socket.send(Buffer.concat([head, asked.subarray(12, at + 5), ...bodies]), port, address)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return `127.0.0.1:${socket.address().port}`
  }

  test('that does not answer keeps nobody’s names waiting, and is not waited for beyond its time', async () => {
    const resolve = resolveByNameServers([await nameServer()])
    const silent = Array.from({ length: 32 }, (_, n) => resolve(`silent-${n}.example`))
    const ended = Promise.any(silent.map((one) => one.catch(() => 'a silent one'))).then(() => 'a silent one')
    const first = await Promise.race([ended, resolve('shop.example')])
    expect(first).toEqual([{ address: '8.8.8.8' }])
    const outcomes = await Promise.allSettled(silent)
    expect(outcomes.map(({ status }) => status)).toEqual(silent.map(() => 'rejected'))
  })

  test('is believed when it knows one kind of address alone, or none', async () => {
    const resolve = resolveByNameServers([await nameServer()])
    expect(await resolve('many.example')).toEqual([{ address: '1.1.1.1' }, { address: '9.9.9.9' }])
    await expect(resolve('gone.example')).rejects.toThrow('ENOTFOUND')
    expect(await callableAddress('many.example', 1, false, resolve)).toBe('9.9.9.9')
  })
})

test.each([
  ['https://shop.example/paid', true, true],
  ['https://u:p@shop.example/', false, false],
  ['http://shop.example/', false, false],
  ['http://localhost:9000/', false, true],
  ['http://127.0.0.1/', false, true],
  ['http://127.0.0.2/', false, false],
  ['ftp://localhost/', false, false],
  ['file:///etc/passwd', false, false],
  ['nonsense', false, false],
])('%s is of a form that may be called: %s, in development %s', (url, outside, development) => {
  expect([mayBeCalled(url, false), mayBeCalled(url, true)]).toEqual([outside, development])
})
