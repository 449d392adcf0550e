import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { DriverEvent, SagaDriver } from './driver.ts'
import type { Doubt } from './farSide.ts'

export type ConnectorMetrics = {
  registry: Registry
  onEvent(event: DriverEvent): void
  onDoubt(side: FarSideName, doubt: Doubt): void
}

type FarSideName = 'bank' | 'central-bank'

type Available = Readonly<Record<FarSideName, () => boolean>>

/** Counts what the connector asked, heard and answered; nothing of it names a customer. */
export function connectorMetrics(driver: () => SagaDriver, available: Available): ConnectorMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const outcomes = new Counter({
    name: 'jiaozi_connector_outcomes_total',
    help: 'Operations asked of bank and central bank, by what became certain',
    labelNames: ['operation', 'outcome'],
    registers,
  })
  const doubts = new Counter({
    name: 'jiaozi_connector_doubts_total',
    help: 'Single tries that proved nothing, by far side and cause',
    labelNames: ['side', 'doubt'],
    registers,
  })
  const reached = new Counter({
    name: 'jiaozi_connector_steps_total',
    help: 'Saga steps answered to the ledger',
    labelNames: ['saga', 'step'],
    registers,
  })
  const stuck = new Counter({
    name: 'jiaozi_connector_stuck_total',
    help: 'Sagas that need a human',
    registers,
  })
  gauge(registry, 'jiaozi_connector_sagas_in_flight', 'Sagas being worked on', () => driver().inFlight)
  gauge(registry, 'jiaozi_connector_sagas_waiting', 'Sagas that wait for their turn', () => driver().waiting)
  for (const side of ['bank', 'central-bank'] as const) {
    const name = `jiaozi_connector_${side.replace('-', '_')}_available`
    gauge(registry, name, `1 while calls to the ${side} are let through`, () => (available[side]() ? 1 : 0))
  }
  return {
    registry,
    onEvent(event) {
      if (event.kind === 'outcome') outcomes.inc({ operation: event.operation, outcome: event.outcome })
      else if (event.kind === 'reached') reached.inc({ saga: event.saga, step: String(event.step) })
      else stuck.inc()
    },
    onDoubt: (side, doubt) => doubts.inc({ side, doubt }),
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}
