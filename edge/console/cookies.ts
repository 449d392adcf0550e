/** Cookies that no other host, path or script can write or read. The name's prefix makes browsers insist on that. */
export const sessionCookie = '__Host-jiaozi_session'
export const loginCookie = '__Host-jiaozi_login'

const attributes = 'Path=/; Secure; HttpOnly'

/** Sent with no request that another site began. */
export function sessionCookieText(value: string): string {
  return `${sessionCookie}=${value}; ${attributes}; SameSite=Strict`
}

/** Comes back with the issuer's redirect, which another site began, and lives no longer than a login takes. */
export function loginCookieText(value: string, seconds: number): string {
  return `${loginCookie}=${value}; ${attributes}; SameSite=Lax; Max-Age=${seconds}`
}

export function expiredCookieText(name: string): string {
  return `${name}=; ${attributes}; SameSite=Strict; Max-Age=0`
}

/** The value of one cookie; undefined when it is not there, or stands there twice and nobody knows which is ours. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]!.slice(name.length + 1) : undefined
}
