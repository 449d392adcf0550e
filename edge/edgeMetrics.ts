import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Gateway } from './gateway/gateway.ts'

const secondsBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 8]

/** What the edge counts about itself. Labels are names of operations and statuses: nothing of anybody. */
export type EdgeMetrics = {
  readonly registry: Registry
  answered(operation: string, status: number, ms: number): void
  fault(what: string): void
}

export function edgeMetrics(gateway: () => Gateway | undefined): EdgeMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'jiaozi_edge_requests_total',
    help: 'Requests answered',
    labelNames: ['operation', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'jiaozi_edge_request_seconds',
    help: 'Time from the request to its answer',
    labelNames: ['operation'],
    buckets: secondsBuckets,
    registers,
  })
  const faults = new Counter({
    name: 'jiaozi_edge_faults_total',
    help: 'What should not have happened',
    labelNames: ['what'],
    registers,
  })
  gatewayGauges(registers, gateway)
  return {
    registry,
    answered(operation, status, ms) {
      requests.inc({ operation, status: String(status) })
      seconds.observe({ operation }, ms / 1_000)
    },
    fault: (what) => faults.inc({ what: what.replaceAll(/\d+/g, 'n').slice(0, 60) }),
  }
}

function gatewayGauges(registers: Registry[], gateway: () => Gateway | undefined): void {
  const lines: { name: string; help: string; read: (g: Gateway) => number }[] = [
    { name: 'jiaozi_edge_waiting', help: 'Requests whose end is not known yet', read: (g) => g.waiting },
    {
      name: 'jiaozi_edge_frames_sent_total',
      help: 'Frames offered to the logs, repetitions included',
      read: (g) => g.gates.reduce((sum, gate) => sum + gate.framesSent, 0),
    },
    {
      name: 'jiaozi_edge_frames_repeated_total',
      help: 'Frames offered again because their fate was not known',
      read: (g) => g.gates.reduce((sum, gate) => sum + gate.framesRepeated, 0),
    },
    { name: 'jiaozi_edge_wallet_keys', help: 'Wallet keys held', read: (g) => g.walletKeys.size },
  ]
  for (const { name, help, read } of lines) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const now = gateway()
        if (now !== undefined) this.set(read(now))
      },
    })
  }
}
