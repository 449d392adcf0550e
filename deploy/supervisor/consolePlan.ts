import { readFileSync } from 'node:fs'
import type { ProcessPlan } from './plan.ts'

/** Names a file with the settings of a real issuer (`console` of the edge's settings). */
const settingsVariable = 'JIAOZI_CONSOLE_SETTINGS'
const clientId = 'jiaozi-console'
const issuerUrl = (port: number): string => `http://127.0.0.1:${port}`

/**
 * How people log in to the console of an edge: at the issuer that the environment tells of, or at the one for
 * development; undefined where there is neither.
 * @param port of the edge
 * @throws Error that names the file when it cannot be read
 */
export function consoleSettingsOf(port: number, issuerPort: number | undefined): Record<string, unknown> | undefined {
  const file = process.env[settingsVariable]
  if (file) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    } catch (error) {
      throw new Error(`${settingsVariable}: ${file} cannot be read: ${(error as Error).message}`)
    }
  }
  if (issuerPort === undefined) return undefined
  const origins = [`https://127.0.0.1:${port}`, `https://localhost:${port}`]
  return { origins, issuer: issuerUrl(issuerPort), clientId }
}

/** The issuer for development, where nobody told of another. */
export function issuerPlans(port: number | undefined): ProcessPlan[] {
  if (port === undefined || process.env[settingsVariable]) return []
  return [
    {
      name: 'development-issuer',
      program: 'edge/console/issuer/issuerMain.ts',
      settings: { role: 'development-issuer', port, clientId },
      readyUrl: `${issuerUrl(port)}/readyz`,
    },
  ]
}
