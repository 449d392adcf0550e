import { setTimeout as sleep } from 'node:timers/promises'
import { NotDemonstrated } from '../../processState.ts'
import { type Field, type Measured, recovered, type Scenario } from '../scenario.ts'
import type { FarSide } from '../stage.ts'

const sides: readonly FarSide[] = ['bank', 'central-bank']
const faultyMs = 6_000
const probability = 0.4
const delayMs = 1_500

const modes: Readonly<Record<string, { title: string; delay_ms?: number }>> = {
  slow: { title: 'think long before they do anything', delay_ms: delayMs },
  late: { title: 'do the work at once and answer late', delay_ms: delayMs },
  'execute-twice': { title: 'take the same request twice' },
  'duplicate-answer': { title: 'send their answer twice' },
  'error-after-execution': { title: 'pay, then answer with an error' },
  'error-body': { title: 'pay, then answer 200 with an error in it' },
  'wrong-signature': { title: 'pay, then sign the answer wrongly' },
  'wrong-amount': { title: 'pay, then name another amount' },
  drop: { title: 'do nothing and never answer', delay_ms: delayMs },
  'drop-after-execution': { title: 'pay and never answer', delay_ms: delayMs },
}

async function misbehave(field: Field, mode: string, delay: number | undefined): Promise<Measured> {
  const { stage, random } = field
  for (const side of sides) {
    const seed = Math.floor(random() * 0xffff_ffff)
    const fault = { operation: '*', mode, probability, seed }
    await stage.setFault(side, delay === undefined ? fault : { ...fault, delay_ms: delay })
  }
  await sleep(faultyMs)
  const struck = await Promise.all(sides.map((side) => stage.struck(side)))
  if (struck.includes(0)) throw new NotDemonstrated(`no request met the fault at the ${sides[struck.indexOf(0)]}`)
  await stage.clearFaults()
  const [bank, centralBank] = struck as [number, number]
  const figures = { 'bank.struck': bank, 'central_bank.struck': centralBank }
  return { recoveriesMs: [await recovered(field, performance.now())], figures }
}

export const farFaults: readonly Scenario[] = Object.entries(modes).map(([mode, { title, delay_ms }]) => ({
  name: `far-${mode}`,
  title: `bank and central bank ${title}, in two of five requests`,
  sagaShare: 0.5,
  run: (field) => misbehave(field, mode, delay_ms),
}))
