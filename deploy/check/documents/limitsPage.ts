import { fenMax } from '../../../actors/ledger/money.ts'
import { limitsAtGenesis, riskRulesAtGenesis } from '../../../actors/ledger/rules.ts'

function yuan(fen: number): string {
  if (fen === fenMax) return 'none'
  const whole = Math.floor(fen / 100).toLocaleString('en-US')
  return `${whole}.${String(fen % 100).padStart(2, '0')}`
}

/** `docs/reference/limits.md`: what is in force in a new region, before an operator sets anything. */
export function limitsPage(): string {
  const limits = limitsAtGenesis.map(
    ({ class: number, balance, single, day, year }) =>
      `| ${number} | ${yuan(balance)} | ${yuan(single)} | ${yuan(day)} | ${yuan(year)} |`,
  )
  const risk = riskRulesAtGenesis.map(
    ({ level, percent, rechargesPerDayMax, paymentsPerDayMax }) =>
      `| ${level} | ${percent} % | ${rechargesPerDayMax} | ${paymentsPerDayMax} |`,
  )
  return `# Limits

What holds in a new region, in yuan. Operators set others with a date from which they hold
(\`npx jiaozi limits set\`); a replay judges every payment by what was in force on its day, in Shanghai.

| wallet class | balance | single payment | a day | a year |
|---:|---:|---:|---:|---:|
${limits.join('\n')}

Class 0 are corporate wallets, whose institution sets their limits.

## Risk levels

A wallet's level leaves it a share of its class's single and daily limits, and a number of commands a day.

| level | share of the limits | recharges a day | payments a day |
|---:|---:|---:|---:|
${risk.join('\n')}
`
}
