/** @type {readonly (readonly [codes: RegExp, cause: string])[]} */
const causes = [
  [/\b(ENOSPC|EDQUOT)\b/, 'the disk is full'],
  [/\b(EACCES|EPERM|EROFS)\b/, 'the folder cannot be written'],
  [/\bEINTEGRITY\b/, 'a package is not the one that package-lock.json names'],
  [/\bEUSAGE\b/, 'package.json and package-lock.json do not agree'],
  [
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b/,
    'no network',
  ],
  [/\bE(401|403|404|5\d\d)\b/, 'the package registry refused'],
]

/**
 * One line for a person, from how npm ended and what it wrote into its log.
 * @param {number | string} ended exit code of `npm ci`, or why it could not be started
 * @param {string} log its debug log; only `error code` lines are looked at, since retried failures stand there too
 */
export function explainInstallFailure(ended, log) {
  if (typeof ended === 'string') return `npm cannot be started (${ended}): Node comes with it`
  const codes = [...new Set([...log.matchAll(/error (?:code|errno) (\S+)/g)].map((match) => match[1]))].join(' ')
  const cause = causes.find(([pattern]) => pattern.test(codes))?.[1]
  if (cause !== undefined) return `the locked packages could not be installed: ${cause} (${codes})`
  if (ended === 0) return 'the locked packages could not be installed whole: an optional one is missing (no network?)'
  return `the locked packages could not be installed: npm ci ended with ${ended}${codes && ` (${codes})`}`
}
