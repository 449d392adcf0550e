/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean,
 *   os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 * @typedef {{ os: string, cpu: string }} Platform
 */

/**
 * Names the folders under node_modules that are absent, superfluous or not what the lock file says; none means that
 * the installed packages are the locked ones. npm writes what it has installed into `node_modules/.package-lock.json`
 * as its last step, so this file is the stamp: an interrupted or failed install leaves none behind, and an install
 * that somebody made with `npm ci` counts like one of ours.
 * @param {Lock} lock package-lock.json
 * @param {Lock | undefined} installed node_modules/.package-lock.json, undefined when there is none
 * @param {Platform} platform what an optional package must name to be expected here
 * @returns {string[]}
 */
export function stalePackages(lock, installed, platform) {
  const wanted = lock.packages ?? {}
  const present = installed?.packages ?? {}
  const stale = Object.keys(present).filter((path) => !(path in wanted))
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue
    const found = present[path]
    if (found === undefined ? isExpected(entry, platform) : !isSame(entry, found)) stale.push(path)
  }
  return stale
}

/**
 * npm leaves an optional package out without a word when another platform needs it and also when its download fails.
 * One that names this platform must be there: Node itself comes that way. Where the C library decides too, npm knows
 * better than we do which of the two builds belongs here.
 * @param {LockedPackage} entry
 * @param {Platform} platform
 */
export function isExpected(entry, platform) {
  if (!entry.optional) return true
  if (!entry.os || !entry.cpu || entry.libc) return false
  return entry.os.includes(platform.os) && entry.cpu.includes(platform.cpu)
}

/**
 * @param {LockedPackage} locked
 * @param {LockedPackage} found
 */
function isSame(locked, found) {
  return locked.version === found.version && locked.integrity === found.integrity
}
