import { join } from 'node:path'
import type { ConsoleSettings } from '../../actors/log/settings.ts'
import type { PrincipalKeys } from '../gateway/principalKeys.ts'
import { readAssets } from './assets.ts'
import type { Console } from './consolePages.ts'
import { Login } from './login.ts'
import { Sessions } from './sessions.ts'

const builtFolder = join(import.meta.dirname, 'app/dist')

export function openConsole(settings: ConsoleSettings, principals: PrincipalKeys, nowMs: () => number): Console {
  const { origins } = settings
  return {
    origins,
    sessions: new Sessions(settings, origins, principals, nowMs),
    login: new Login(settings, nowMs),
    assets: readAssets(builtFolder),
  }
}
