import { benchMemory } from './memoryRung.ts'
import type { RungOptions } from './rung.ts'

/** Measures the ledger in memory on whatever runtime this process is of, and prints the findings as JSON. */
const options = JSON.parse(process.argv[2]!) as RungOptions
console.log(JSON.stringify(await benchMemory(options, () => undefined)))
