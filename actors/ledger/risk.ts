import type { Section } from './columns.ts'
import { DeviceRows } from './deviceRows.ts'
import type { Digest } from './digest.ts'
import { amountRingSchema, ringSchema } from './frequency.ts'
import { habitSchema } from './habits.ts'
import { KeptRows } from './keptRows.ts'
import { RiskRules } from './riskRules.ts'

const payerSchema = { wallet: 'u32', ...ringSchema } as const
const merchantSchema = { wallet: 'u32', ...amountRingSchema } as const

/** The rules about risk, and what is kept for them while there are any. */
export class Risk {
  readonly rules = new RiskRules()
  readonly payers: KeptRows<typeof payerSchema>
  readonly merchants: KeptRows<typeof merchantSchema>
  readonly habits: KeptRows<typeof habitSchema>
  readonly devices: DeviceRows

  constructor(walletsMax: number, digest: Digest, key: number) {
    this.payers = new KeptRows('payerRows', payerSchema, walletsMax, digest)
    this.merchants = new KeptRows('merchantRows', merchantSchema, walletsMax, digest)
    this.habits = new KeptRows('habitRows', habitSchema, walletsMax, digest)
    this.devices = new DeviceRows(digest, key)
  }

  /** Counts every row anew into a digest that holds none of them. */
  hashAll(digest: Digest): void {
    for (const table of [this.payers, this.merchants, this.habits, this.devices]) table.hashAll(digest)
  }

  sections(): Section[] {
    return [this.payers, this.merchants, this.habits, this.devices].flatMap((table) => table.sections())
  }

  load(sections: ReadonlyMap<string, Uint8Array>): void {
    for (const table of [this.payers, this.merchants, this.habits, this.devices]) table.load(sections)
  }
}
