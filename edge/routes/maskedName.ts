const starsMax = 3
const hidden = '***'
/** Scripts whose names are written without spaces: a letter of them stands for a syllable. */
const isolating = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}〇々·・]+$/u

/**
 * A legal name as a stranger may see it, enough to tell that it is the right person and too little to learn a name: of
 * two Chinese characters the first (张*), of more the last (**明); of other names the first letter and that of the last
 * name (A*** B.). How long a long name is does not show.
 */
export function maskedName(legalName: string): string {
  const words = legalName.normalize('NFC').trim().split(/\s+/)
  const [first = ''] = words
  if (words.length === 1 && isolating.test(first)) return maskedCharacters(Array.from(first))
  const initial = (word: string): string => Array.from(word)[0] ?? ''
  const last = words.length > 1 ? ` ${initial(words.at(-1)!)}.` : ''
  return `${initial(first)}${hidden}${last}`
}

function maskedCharacters(characters: readonly string[]): string {
  if (characters.length === 1) return '*'
  if (characters.length === 2) return `${characters[0]}*`
  return `${'*'.repeat(Math.min(starsMax, characters.length - 1))}${characters.at(-1)}`
}
