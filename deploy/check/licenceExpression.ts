/** What a production install may bring: permissive licences only, which ask for no more than their own text. */
const permitted = new Set(['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'Unlicense', 'Zlib'])

/**
 * True when an SPDX licence expression can be met with permitted licences alone: every side of an AND, one side of an
 * OR. AND binds tighter. An expression that is not understood is not permitted.
 */
export function isPermitted(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let at = 0
  const either = (): boolean => {
    let met = both()
    while (tokens[at] === 'OR') {
      at++
      // Each side is read to its end, whatever the other one gave.
      const right = both()
      met = met || right
    }
    return met
  }
  const both = (): boolean => {
    let met = single()
    while (tokens[at] === 'AND') {
      at++
      const right = single()
      met = met && right
    }
    return met
  }
  const single = (): boolean => {
    const token = tokens[at++]
    if (token !== '(') return token !== undefined && permitted.has(token)
    const met = either()
    return tokens[at++] === ')' && met
  }
  const met = either()
  return met && at === tokens.length
}
