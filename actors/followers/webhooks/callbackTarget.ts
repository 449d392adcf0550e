const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether an address has the form of one that may be called; where its host leads to is judged when it is called. */
export function mayBeCalled(url: string, loopback: boolean): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, username, password, hostname } = new URL(url)
  const plain = loopback && protocol === 'http:' && loopbackHosts.has(hostname)
  return (protocol === 'https:' || plain) && username === '' && password === ''
}
