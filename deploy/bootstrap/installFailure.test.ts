import { describe, expect, test } from 'vitest'
import { explainInstallFailure } from './installFailure.mjs'

describe('a failed install is explained in one line', () => {
  test.each([
    ['ENOTFOUND', 'no network'],
    ['EAI_AGAIN', 'no network'],
    ['ECONNREFUSED', 'no network'],
    ['ENOSPC', 'the disk is full'],
    ['EACCES', 'the folder cannot be written'],
    ['EINTEGRITY', 'not the one that package-lock.json names'],
    ['EUSAGE', 'do not agree'],
    ['E403', 'refused'],
  ])('%s: %s', (code, cause) => {
    const line = explainInstallFailure(1, `12 silly fetch\n13 error code ${code}\n14 error errno ${code}\n`)
    expect(line).toContain(cause)
    expect(line).toContain(`(${code})`)
    expect(line).not.toContain('\n')
  })

  test('a failure that was overcome by a retry is not taken for the cause', () => {
    const log = '7 http fetch GET attempt 1 failed with ECONNRESET\n9 error code EUSAGE\n'
    expect(explainInstallFailure(1, log)).toContain('do not agree')
  })

  test('an unknown cause is called by what npm said', () => {
    expect(explainInstallFailure(1, '9 error code EODD')).toBe(
      'the locked packages could not be installed: npm ci ended with 1 (EODD)',
    )
  })

  test('npm that ends well without an optional package of this platform has failed', () => {
    expect(explainInstallFailure(0, '')).toContain('an optional one is missing')
  })

  test('no npm on the machine', () => {
    expect(explainInstallFailure('spawn npm ENOENT', '')).toContain('npm cannot be started')
  })
})
