import { readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SummaryData } from '../summary.ts'

/**
 * Runs a k6 script without k6: `runMain.ts SCRIPT ITERATIONS`, with k6's -e variables from the environment. It runs
 * setup, the iterations one after the other, and the summary, and prints the options. It is no load generator.
 */
const standIns: Readonly<Record<string, string>> = {
  k6: 'k6.ts',
  'k6/data': 'data.ts',
  'k6/execution': 'execution.ts',
  'k6/http': 'http.ts',
  'k6/metrics': 'metrics.ts',
}

registerHooks({
  resolve(name, context, next) {
    const file = Object.hasOwn(standIns, name) ? standIns[name] : undefined
    return file === undefined ? next(name, context) : next(new URL(file, import.meta.url).href, context)
  },
})
Object.assign(globalThis, { __ENV: process.env, open: (file: string) => readFileSync(file, 'utf8') })

type Script = {
  options: { thresholds: Record<string, string[]> }
  setup(): void
  default(): void
  handleSummary(data: SummaryData): Record<string, string>
}

const [file = '', iterations = '1'] = process.argv.slice(2)
const script = (await import(pathToFileURL(resolve(file)).href)) as Script
const { scenario } = await import('./execution.ts')
const { summaryData } = await import('./metrics.ts')

script.setup()
const beganMs = performance.now()
for (let n = 0; n < Number(iterations); n++) {
  scenario.iterationInTest = n
  script.default()
}
const written = script.handleSummary(summaryData(script.options.thresholds, performance.now() - beganMs))
for (const [name, text] of Object.entries(written)) {
  if (name === 'stdout') process.stdout.write(text)
  else writeFileSync(name, text)
}
process.stdout.write(`${JSON.stringify(script.options)}\n`)
process.exit(0)
