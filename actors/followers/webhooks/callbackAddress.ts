import { lookup, Resolver } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/** Where nobody outside may make us call: this machine, its networks, the clouds' metadata, and all that leads there. */
const refused4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const
/** Of IPv6 only what is routed as ours to reach (2000::/3) may be called, and of that not what hides another address. */
const refused6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const lists = {
  refused4: new BlockList(),
  refused6: new BlockList(),
  routed6: new BlockList(),
  loopback4: new BlockList(),
  loopback6: new BlockList(),
}
for (const [net, bits] of refused4) lists.refused4.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of refused6) lists.refused6.addSubnet(net, bits, 'ipv6')
lists.routed6.addSubnet('2000::', 3, 'ipv6')
lists.loopback4.addSubnet('127.0.0.0', 8, 'ipv4')
lists.loopback6.addAddress('::1', 'ipv6')

/** Whether an address, as the resolver gave it, may be connected to. */
export function mayCall(address: string, loopback: boolean): boolean {
  const family = isIP(address)
  if (family === 0) return false
  if (family === 4) {
    return (loopback && lists.loopback4.check(address, 'ipv4')) || !lists.refused4.check(address, 'ipv4')
  }
  // A zone (fe80::1%eth0) names an interface of this machine.
  if (address.includes('%')) return false
  if (loopback && lists.loopback6.check(address, 'ipv6')) return true
  // What IPv6 maps or translates of IPv4 (::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48) lies outside of 2000::/3.
  return lists.routed6.check(address, 'ipv6') && !lists.refused6.check(address, 'ipv6')
}

/** Nobody may be called there. */
export class AddressRefused extends Error {}

export type Resolve = (hostname: string) => Promise<readonly { address: string }[]>

/** Together these are over before a call gives up on its connection. */
const askTimeoutMs = 700
const askTries = 2
const resolveTimeoutMs = 2_500

/**
 * Knows the names of this machine and of its hosts file too, but keeps one of the process's few threads for as long as
 * a name server does not answer, longer than anybody waits for it: for development alone.
 */
const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true })

/**
 * Asks the name servers and nobody else. A merchant's that does not answer takes nothing from anybody: the questions
 * wait on a socket of their own, and are given up in time.
 * @param servers whom to ask instead of those that this machine is set up with
 */
export const resolveByNameServers =
  (servers?: readonly string[]): Resolve =>
  async (hostname) => {
    // Is this machine wherever it is asked for (RFC 6761), and no name server's to say.
    if (/(^|\.)localhost\.?$/.test(hostname)) return [{ address: '127.0.0.1' }]
    const resolver = new Resolver({ timeout: askTimeoutMs, tries: askTries })
    if (servers !== undefined) resolver.setServers(servers)
    const overdue = setTimeout(() => resolver.cancel(), resolveTimeoutMs)
    const both = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    clearTimeout(overdue)
    const found = both.flatMap((asked) => (asked.status === 'fulfilled' ? asked.value : []))
    const [first] = both
    if (found.length === 0 && first.status === 'rejected') throw first.reason
    return found.map((address) => ({ address }))
  }

/**
 * The address that a host is called at on this try. It is judged here and then connected to as it is, so that a name
 * cannot lead elsewhere in between.
 * @param attempt each try takes the next of the addresses
 * @throws AddressRefused when there is none that may be called
 */
export async function callableAddress(
  hostname: string,
  attempt: number,
  loopback: boolean,
  resolve: Resolve = loopback ? resolveBySystem : resolveByNameServers(),
): Promise<string> {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  const found = isIP(bare) === 0 ? await resolve(bare) : [{ address: bare }]
  const callable = found.map(({ address }) => address).filter((address) => mayCall(address, loopback))
  const address = callable[attempt % Math.max(1, callable.length)]
  if (address === undefined) throw new AddressRefused('the host has no address that may be called')
  return address
}
