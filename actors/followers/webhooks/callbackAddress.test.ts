import { describe, expect, test } from 'vitest'
import { AddressRefused, callableAddress, mayCall } from './callbackAddress.ts'
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
