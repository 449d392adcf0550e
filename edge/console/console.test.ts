import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { loginCookie, sessionCookie } from './cookies.ts'
import { consoleHeader } from './sessions.ts'
import { cookieOf, origin, TestConsole } from './testConsole.ts'

let own: TestConsole
beforeAll(async () => {
  own = new TestConsole()
  await own.begin()
})
afterAll(() => own.close())

const people = { viewer: 'wei.lan', operator: 'li.na', approver: 'chen.hao' } as const
const enterApprover = async (active = true) => {
  const key = { role: 'operator', number: 2, active, public_key: '5b'.repeat(32), reason: 'second person' }
  const told = await own.api.ask('PUT', '/v1/principals', {
    by: own.api.operator.signer,
    json: { ...key, request_id: newId() },
  })
  expect(told.status).toBe(200)
}
/** The edge reads the ledger's principals anew every few seconds. */
const answers = (cookie: string, status: number) =>
  expect
    .poll(async () => (await own.ask(cookie, 'GET', '/v1/totals')).status, { timeout: 15_000, interval: 100 })
    .toBe(status)
const ends = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> => {
  for (let round = 0; round < 20; round++) if ((await reader.read()).done) return
  throw new Error('the stream goes on')
}
const freeze = (cookie: string, walletId: string, more: object = { reason: 'stolen phone' }) =>
  own.ask(cookie, 'POST', `/v1/wallets/${walletId}/freeze`, { ...more, request_id: newId() })

describe('a login', () => {
  test('makes a session whose cookie no script, other host or other site can use', async () => {
    const { location, cookie } = await own.beginLogin(people.operator)
    const back = await own.fetch(location, { headers: { cookie } })
    expect([back.status, back.headers.get('location')]).toEqual([303, '/console/'])
    const set = back.headers.getSetCookie().find((one) => one.startsWith('__Host-jiaozi_session='))
    for (const part of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']) expect(set).toContain(part)
    const session = cookieOf(back, '__Host-jiaozi_session')!
    const told = await own.ask(session, 'GET', '/v1/session')
    expect(told.body).toMatchObject({ name: 'Li Na 李娜', role: 'operator', operator: 'operator:1' })
  })

  test('is good once, in the browser that began it, for what that browser asked', async () => {
    const { location, cookie } = await own.beginLogin(people.operator)
    const other = await own.beginLogin(people.operator)
    const problem = async (path: string, headers: Record<string, string>) =>
      (await own.fetch(path, { headers })).headers.get('location')
    expect(await problem(location, {})).toBe('/console/?problem=login-expired')
    expect(await problem(location, { cookie: other.cookie })).toBe('/console/?problem=login-refused')
    expect(await problem(location, { cookie })).toBe('/console/')
    expect(await problem(location, { cookie })).toBe('/console/?problem=login-expired')
  })

  test('is over after ten minutes', async () => {
    const { location, cookie } = await own.beginLogin(people.viewer)
    own.nowMs += 601_000
    const back = await own.fetch(location, { headers: { cookie } })
    expect(back.headers.get('location')).toBe('/console/?problem=login-expired')
  })

  test('with a code that was given to another challenge is refused', async () => {
    const { location, cookie } = await own.beginLogin(people.operator)
    const stolen = (await own.beginLogin(people.operator)).location
    const url = new URL(location, origin)
    url.searchParams.set('code', new URL(stolen, origin).searchParams.get('code')!)
    const back = await own.fetch(url.pathname + url.search, { headers: { cookie } })
    expect(back.headers.get('location')).toBe('/console/?problem=login-refused')
    expect(cookieOf(back, '__Host-jiaozi_session')).toBeUndefined()
  })
})

describe('the issuer for development', () => {
  test('sends nobody anywhere but to a console on this machine, and to no stranger', async () => {
    const begun = await own.fetch('/console/login')
    const url = new URL(begun.headers.get('location')!)
    for (const [name, value] of [
      ['redirect_uri', 'https://evil.example/console/callback'],
      ['redirect_uri', 'https://127.0.0.1:8443.evil.example/console/callback'],
      ['client_id', 'somebody'],
      ['code_challenge', ''],
    ] as const) {
      const asked = new URL(url)
      asked.searchParams.set(name, value)
      expect([name, (await fetch(asked, { redirect: 'manual' })).status]).toEqual([name, 400])
    }
    expect((await fetch(url)).status).toBe(200)
  })
})

describe('in a session', () => {
  test('a viewer reads and cannot act', async () => {
    const viewer = await own.logIn(people.viewer)
    const { walletId } = await own.api.openWallet()
    expect((await own.ask(viewer, 'GET', `/v1/wallets/${walletId}`)).status).toBe(200)
    const told = await freeze(viewer, walletId)
    expect(told).toMatchObject({ status: 403, body: { reason: 'not-allowed', detail: 'A viewer may not do this.' } })
    expect((await own.ask(viewer, 'GET', `/v1/wallets/${walletId}`)).body).toMatchObject({ status: 'open' })
  })

  test('an operator acts, and must say why', async () => {
    const operator = await own.logIn(people.operator)
    const { walletId } = await own.api.openWallet()
    expect(await freeze(operator, walletId, {})).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'reason', message: 'an operator must say why' }] },
    })
    expect((await freeze(operator, walletId)).body).toMatchObject({ status: 'frozen' })
  })

  test('an approver reads and approves, and does not act', async () => {
    await enterApprover()
    const approver = await own.logIn(people.approver)
    const { walletId } = await own.api.openWallet()
    await answers(approver, 200)
    expect((await freeze(approver, walletId)).status).toBe(403)
  })

  test('an operator whom the ledger has suspended is out, whatever the issuer says', async () => {
    await enterApprover()
    const approver = await own.logIn(people.approver)
    await answers(approver, 200)
    const headers = { cookie: approver, [consoleHeader]: '1', 'sec-fetch-site': 'same-origin' }
    const reader = (await own.fetch('/v1/region/live', { headers })).body!.getReader()
    await enterApprover(false)
    await answers(approver, 403)
    const page = await own.fetch('/console/reports/planned-move-2026-11-26T041248', { headers: { cookie: approver } })
    expect([page.status, page.headers.get('location')]).toEqual([303, '/console/'])
    await ends(reader)
  })

  test('a request that another page made is refused, cookie or not', async () => {
    const operator = await own.logIn(people.operator)
    const { walletId } = await own.api.openWallet()
    const path = `/v1/wallets/${walletId}/freeze`
    const json = { reason: 'not me', request_id: newId() }
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { [consoleHeader]: '2' },
    ]) {
      expect([headers, (await own.ask(operator, 'POST', path, json, headers)).status]).toEqual([headers, 403])
    }
    const body = JSON.stringify(json)
    const plain = { cookie: operator, origin, 'content-type': 'application/json' }
    expect((await own.fetch(path, { method: 'POST', headers: plain, body })).status).toBe(401)
    const unnamed = { cookie: operator, [consoleHeader]: '1', 'content-type': 'application/json' }
    expect((await own.fetch(path, { method: 'POST', headers: unnamed, body })).status).toBe(403)
    expect((await own.ask(operator, 'GET', `/v1/wallets/${walletId}`)).body).toMatchObject({ status: 'open' })
  })

  test('the key of an operator opens as much as before', async () => {
    const told = await own.api.ask('GET', '/v1/audit', { by: own.api.operator.signer })
    expect(told.status).toBe(200)
  })

  test('what happens now is told second by second, and no longer than the session lasts', async () => {
    const viewer = await own.logIn(people.viewer)
    const headers = { cookie: viewer, [consoleHeader]: '1', 'sec-fetch-site': 'same-origin' }
    const response = await own.fetch('/v1/region/live', { headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    expect(JSON.parse(first.slice('data: '.length)).seconds).toHaveLength(60)
    await own.ask(viewer, 'DELETE', '/v1/session')
    await ends(reader)
  })
})

describe('the page of a drill', () => {
  const path = '/console/reports/planned-move-2026-11-26T041248'

  test('is opened by who is logged in, where it can do nothing', async () => {
    const viewer = await own.logIn(people.viewer)
    const page = await own.fetch(path, { headers: { cookie: viewer } })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = page.headers.get('content-security-policy')!.split('; ')
    for (const one of ["default-src 'none'", "style-src 'unsafe-inline'", 'sandbox']) expect(policy).toContain(one)
    expect(policy.join()).not.toMatch(/script-src|allow-/)
    expect(await page.text()).toContain('Passed')
    const headers = { accept: 'text/html' }
    const told = await own.ask(viewer, 'GET', '/v1/drills/planned-move-2026-11-26T041248', undefined, headers)
    expect([told.status, told.headers.get('content-security-policy')]).toEqual([200, policy.join('; ')])
  })

  test('is not there for anybody else, and no other file is', async () => {
    const nobody = await own.fetch(path)
    expect([nobody.status, nobody.headers.get('location')]).toEqual([303, '/console/'])
    const viewer = await own.logIn(people.viewer)
    for (const name of ['..%2f..%2fkeys', '..%2f', 'planned-move-2026-11-26T041249']) {
      expect([name, (await own.fetch(`/console/reports/${name}`, { headers: { cookie: viewer } })).status]).toEqual([
        name,
        404,
      ])
    }
  })
})

/** The cookie as a browser has it after an answer. */
const kept = (cookie: string, { headers }: { headers: Headers }): string =>
  cookieOf({ headers }, sessionCookie) ?? cookie

describe('a session ends', () => {
  const asked = async (cookie: string): Promise<number> => (await own.ask(cookie, 'GET', '/v1/totals')).status

  test('by logging out, at once', async () => {
    const viewer = await own.logIn(people.viewer)
    expect((await own.ask(viewer, 'DELETE', '/v1/session')).body).toEqual({ ended: true, stored: true })
    expect(await own.ask(viewer, 'GET', '/v1/totals')).toMatchObject({ status: 401, body: { reason: 'session-ended' } })
  })

  test('by logging out, with every cookie that it ever had', async () => {
    const first = await own.logIn(people.viewer)
    own.nowMs += 60_000
    const second = kept(first, await own.ask(first, 'GET', '/v1/totals'))
    expect(second).not.toBe(first)
    expect([await asked(first), await asked(second)]).toEqual([200, 200])
    await own.ask(first, 'DELETE', '/v1/session')
    expect([await asked(first), await asked(second)]).toEqual([401, 401])
  })

  test('by nobody from elsewhere', async () => {
    const viewer = await own.logIn(people.viewer)
    const told = await own.ask(viewer, 'DELETE', '/v1/session', undefined, { origin: 'https://evil.example' })
    expect([told.status, await asked(viewer)]).toEqual([403, 200])
  })

  test('after a quarter of an hour without a request', async () => {
    let viewer = await own.logIn(people.viewer)
    for (let round = 0; round < 3; round++) {
      own.nowMs += 899_000
      const told = await own.ask(viewer, 'GET', '/v1/totals')
      expect(told.status).toBe(200)
      viewer = kept(viewer, told)
    }
    own.nowMs += 900_000
    expect(await asked(viewer)).toBe(401)
  })

  test('after eight hours, however busy', async () => {
    let viewer = await own.logIn(people.viewer)
    const beganMs = own.nowMs
    while (own.nowMs < beganMs + 28_000_000) {
      own.nowMs += 800_000
      const told = await own.ask(viewer, 'GET', '/v1/totals')
      expect(told.status).toBe(own.nowMs < beganMs + 28_800_000 ? 200 : 401)
      viewer = kept(viewer, told)
    }
    own.nowMs = beganMs + 28_800_000
    expect(await asked(viewer)).toBe(401)
  })

  test('and a made-up cookie never was one', async () => {
    expect(await asked('__Host-jiaozi_session=made-up')).toBe(401)
    const viewer = await own.logIn(people.viewer)
    expect(await asked(`${viewer}; ${viewer}`)).toBe(401)
  })

  test('nor is one that was changed anywhere, or a login that is under way', async () => {
    const viewer = await own.logIn(people.viewer)
    const from = viewer.indexOf('=') + 1
    for (let at = from; at < viewer.length; at += 7) {
      const other = viewer[at] === 'A' ? 'B' : 'A'
      expect([at, await asked(viewer.slice(0, at) + other + viewer.slice(at + 1))]).toEqual([at, 401])
    }
    expect(await asked(viewer.slice(0, -1))).toBe(401)
    const { cookie } = await own.beginLogin(people.operator)
    expect(await asked(cookie.replace(loginCookie, sessionCookie))).toBe(401)
  })

  test('nobody who holds a cookie can read in it who it is', async () => {
    const viewer = await own.logIn(people.viewer)
    const bytes = Buffer.from(viewer.slice(viewer.indexOf('=') + 1), 'base64url').toString('latin1')
    expect(bytes).not.toMatch(/viewer|Wei Lan/)
  })
})

describe('at another edge', () => {
  test('a session goes on, as itself, for as long as it would have here', async () => {
    const operator = await own.logIn(people.operator)
    const { expires_at } = (await own.ask(operator, 'GET', '/v1/session')).body
    own.toAnotherEdge()
    const told = await own.ask(operator, 'GET', '/v1/session')
    expect(told.body).toMatchObject({ name: 'Li Na 李娜', role: 'operator', operator: 'operator:1', expires_at })
    const { walletId } = await own.api.openWallet()
    expect((await freeze(operator, walletId)).body).toMatchObject({ status: 'frozen' })
  })

  test('one that ended here has ended', async () => {
    const viewer = await own.logIn(people.viewer)
    await own.ask(viewer, 'DELETE', '/v1/session')
    own.toAnotherEdge()
    expect(await own.ask(viewer, 'GET', '/v1/totals')).toMatchObject({ status: 401, body: { reason: 'session-ended' } })
  })

  test('a login ends that began here, and is good once', async () => {
    const { location, cookie } = await own.beginLogin(people.viewer)
    own.toAnotherEdge()
    const back = async () => (await own.fetch(location, { headers: { cookie } })).headers.get('location')
    expect(await back()).toBe('/console/')
    own.toAnotherEdge()
    expect(await back()).toBe('/console/?problem=login-expired')
  })

  test('a session that is sealed under an older key is good, and its next cookie is under the new one', async () => {
    const viewer = await own.logIn(people.viewer)
    own.api.ring.rotate('console')
    own.toAnotherEdge()
    const told = await own.ask(viewer, 'GET', '/v1/totals')
    expect(told.status).toBe(200)
    const keyOf = (cookie: string) => Buffer.from(cookie.slice(cookie.indexOf('=') + 1), 'base64url').readUInt32BE(0)
    expect(keyOf(kept(viewer, told))).toBe(own.api.ring.current('console').id)
    expect(keyOf(viewer)).not.toBe(own.api.ring.current('console').id)
  })
})
