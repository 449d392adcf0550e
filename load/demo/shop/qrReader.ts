import { encode } from 'uqr'

/** Of correction level M: blocks of a code, and codewords that each block has for its correction, by version from 1. */
const blocksOf = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]
const correctionOf = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const byteMode = 4
const lengthIs16BitsFrom = 10
const formatMask = 0x5412

/** Whether a module was turned over, by the number of the mask and its place. */
const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Dark modules by row and column, without the border. */
type Modules = readonly (readonly boolean[])[]

/**
 * Reads a QR code as this system draws them: bytes, at correction level M. A picture that nobody has photographed has
 * nothing to correct: one whose modules are not all right is refused.
 * @throws Error when it is no such code
 */
export function readQrSvg(svg: string): string {
  const modules = modulesIn(svg)
  const version = (modules.length - 17) / 4
  if (!Number.isInteger(version) || version < 1 || version > blocksOf.length) {
    throw new Error(`a QR code has no ${modules.length} modules a side`)
  }
  const mask = maskOf(modules)
  const text = textOf(inOrder(codewordsOf(modules, version, mask), version), version)
  const again = encode(text, { ecc: 'M', border: 0, minVersion: version, maxVersion: version, maskPattern: mask })
  if (again.data.some((row, y) => row.some((dark, x) => dark !== modules[y]![x]))) {
    throw new Error('modules of the QR code are wrong')
  }
  return text
}

function modulesIn(svg: string): Modules {
  const squares = [...svg.matchAll(/M(\d+),(\d+)h(\d+)v/g)].map(([, x, y, side]) => [
    Number(x),
    Number(y),
    Number(side),
  ])
  const side = squares[0]?.[2] ?? 1
  const border = Math.min(...squares.map(([x]) => x!)) / side
  const size = Math.max(...squares.map(([x]) => x!)) / side - border + 1
  if (!(size > 0 && size < 1_000)) throw new Error('the picture holds no QR code')
  const modules = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  for (const [x, y] of squares) modules[y! / side - border]![x! / side - border] = true
  return modules
}

/** The first of the 15 bits of the format stand in the ninth row: level, then mask. */
function maskOf(modules: Modules): number {
  const first = modules[8]!.slice(0, 5).reduce((sum, dark) => 2 * sum + (dark ? 1 : 0), 0)
  const format = first ^ (formatMask >> 10)
  if (format >> 3 !== 0) throw new Error('the QR code is of another correction level than M')
  return format & 7
}

/** Codewords as they stand in the picture: two columns at a time from the right, up and down in turns. */
function codewordsOf(modules: Modules, version: number, mask: number): number[] {
  const { types } = encode('', { ecc: 'M', border: 0, minVersion: version, maxVersion: version })
  const size = modules.length
  const bits: number[] = []
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const upward = ((right + 1) & 2) === 0
    for (let i = 0; i < 2 * size; i++) {
      const [x, y] = [right - (i & 1), upward ? size - 1 - (i >> 1) : i >> 1]
      // 0 is a module of data.
      if (types[y]![x] === 0) bits.push(modules[y]![x] !== masks[mask]!(x, y) ? 1 : 0)
    }
  }
  return Array.from({ length: bits.length >> 3 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0),
  )
}

/** The data alone, block after block: in the picture the blocks take turns, and the last of them are one longer. */
function inOrder(codewords: readonly number[], version: number): number[] {
  const [blocks, correction] = [blocksOf[version - 1]!, correctionOf[version - 1]!]
  const short = Math.floor(codewords.length / blocks) - correction
  const shortBlocks = blocks - (codewords.length % blocks)
  return Array.from({ length: blocks }, (_, block) => {
    const own = Array.from({ length: short }, (_, i) => codewords[i * blocks + block]!)
    return block < shortBlocks ? own : [...own, codewords[short * blocks + block - shortBlocks]!]
  }).flat()
}

function textOf(data: readonly number[], version: number): string {
  const nibbles = data.flatMap((byte) => [byte >> 4, byte & 15])
  const numberAt = (from: number, count: number): number =>
    nibbles.slice(from, from + count).reduce((sum, nibble) => 16 * sum + nibble, 0)
  if (nibbles[0] !== byteMode) throw new Error('the QR code holds no bytes')
  const lengthNibbles = version < lengthIs16BitsFrom ? 2 : 4
  const length = numberAt(1, lengthNibbles)
  const bytes = Uint8Array.from({ length }, (_, i) => numberAt(1 + lengthNibbles + 2 * i, 2))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
