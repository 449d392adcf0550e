import { join } from 'node:path'
import type { KeyRing } from '../../actors/log/keyRing.ts'
import type { ConsoleSettings } from '../../actors/log/settings.ts'
import type { PrincipalKeys } from '../gateway/principalKeys.ts'
import { readAssets } from './assets.ts'
import type { Console } from './consolePages.ts'
import type { EndedSessions } from './endedSessions.ts'
import { Login } from './login.ts'
import { SealedCookies } from './sealedCookies.ts'
import { Sessions } from './sessions.ts'

const builtFolder = join(import.meta.dirname, 'app/dist')

export type ConsoleOptions = {
  readonly settings: ConsoleSettings
  /** The same for all edges, so that what one seals another opens. */
  readonly ring: KeyRing
  readonly ended: EndedSessions
  readonly principals: Pick<PrincipalKeys, 'find'>
  readonly nowMs: () => number
}

export function openConsole({ settings, ring, ended, principals, nowMs }: ConsoleOptions): Console {
  const { origins } = settings
  const cookies = new SealedCookies(ring)
  return {
    origins,
    sessions: new Sessions({ times: settings, origins, cookies, ended, principals, nowMs }),
    login: new Login(settings, cookies, ended, nowMs),
    assets: readAssets(builtFolder),
  }
}
