import { describe, expect, test } from 'vitest'
import { stalePackages } from './lockedPackages.mjs'

const here = { os: 'linux', cpu: 'x64' }
const one = { version: '1.0.0', integrity: 'sha512-one' }
const native = { version: '26.0.0', integrity: 'sha512-native', optional: true, os: ['linux'], cpu: ['x64'] }
const lock = { packages: { '': {}, 'node_modules/one': one, 'node_modules/native': native } }
const whole = { packages: { 'node_modules/one': one, 'node_modules/native': native } }

describe('the installed packages are stale', () => {
  test('when none were ever installed whole', () => {
    expect(stalePackages(lock, undefined, here)).toEqual(['node_modules/one', 'node_modules/native'])
  })

  test('when a locked one is missing', () => {
    expect(stalePackages(lock, { packages: { 'node_modules/native': native } }, here)).toEqual(['node_modules/one'])
  })

  test('when one has another version or other contents than the lock says', () => {
    for (const other of [
      { ...one, version: '1.0.1' },
      { ...one, integrity: 'sha512-other' },
    ]) {
      const installed = { packages: { ...whole.packages, 'node_modules/one': other } }
      expect(stalePackages(lock, installed, here)).toEqual(['node_modules/one'])
    }
  })

  test('when one is left over that the lock no longer names', () => {
    const installed = { packages: { ...whole.packages, 'node_modules/old': one } }
    expect(stalePackages(lock, installed, here)).toEqual(['node_modules/old'])
  })

  test('when npm left out an optional one of this very platform, as it does after a failed download', () => {
    expect(stalePackages(lock, { packages: { 'node_modules/one': one } }, here)).toEqual(['node_modules/native'])
  })
})

describe('the installed packages are the locked ones', () => {
  test('when every one is there', () => {
    expect(stalePackages(lock, whole, here)).toEqual([])
  })

  test('when only builds for other platforms or other C libraries are absent', () => {
    const others = {
      'node_modules/mac': { ...native, os: ['darwin'] },
      'node_modules/arm': { ...native, cpu: ['arm64'] },
      'node_modules/musl': { ...native, libc: ['musl'] },
      'node_modules/anywhere': { version: '1.0.0', integrity: 'sha512-any', optional: true },
    }
    expect(stalePackages({ packages: { ...lock.packages, ...others } }, whole, here)).toEqual([])
  })
})
