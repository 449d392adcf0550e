const requestTimeoutMs = 2_000

/** `upstream`: from the one who dialled towards the other; `downstream`: back. */
export type LinkDirection = 'upstream' | 'downstream'

/** What a toxiproxy can lay on a link, with its own names and units. */
export type LinkFault =
  | { type: 'latency'; attributes: { latency: number; jitter?: number } }
  | { type: 'bandwidth'; attributes: { rate: number } }
  /** With 0 the connections stay open and nothing comes through: a black hole. */
  | { type: 'timeout'; attributes: { timeout: number } }
  | { type: 'reset_peer'; attributes: { timeout: number } }
  | { type: 'limit_data'; attributes: { bytes: number } }
  | { type: 'slicer'; attributes: { average_size: number; size_variation: number; delay: number } }

export type LinkControl = {
  /** Closes every connection and refuses new ones. */
  cut(link: string): Promise<void>
  /** Takes new connections again. */
  heal(link: string): Promise<void>
  /** Lays a fault on one direction, under a name by which it is taken away. */
  addFault(link: string, name: string, direction: LinkDirection, fault: LinkFault): Promise<void>
  removeFault(link: string, name: string): Promise<void>
  /** Takes all faults away and heals every link. */
  reset(): Promise<void>
}

/**
 * Lays faults on links by the API of a toxiproxy.
 * @throws Error, from each call, with the proxy's own word when it refuses, or when it does not answer in time.
 */
export function linkControl(apiUrl: string): LinkControl {
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const request = {
      method,
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }
    const answer = await fetch(new URL(path, apiUrl), request).catch((error: unknown) => {
      throw new Error(`toxiproxy at ${apiUrl} does not answer: ${(error as Error).message}`)
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`toxiproxy refuses ${method} ${path}: ${text.trim() || answer.status}`)
  }
  const proxy = (link: string): string => `/proxies/${encodeURIComponent(link)}`
  return {
    cut: (link) => call('PATCH', proxy(link), { enabled: false }),
    heal: (link) => call('PATCH', proxy(link), { enabled: true }),
    addFault: (link, name, direction, fault) =>
      call('POST', `${proxy(link)}/toxics`, { name, stream: direction, toxicity: 1, ...fault }),
    removeFault: (link, name) => call('DELETE', `${proxy(link)}/toxics/${encodeURIComponent(name)}`),
    reset: () => call('POST', '/reset'),
  }
}
