/**
 * Ends this process with exit code 1 and one line that says what is wrong and what to do.
 * @param {string} reason
 * @returns {never}
 */
export function failWith(reason) {
  process.stderr.write(`jiaozi: ${reason}\n`)
  process.exit(1)
}

/** @param {string} line Progress, on standard error: standard output belongs to the program that follows. */
export function say(line) {
  process.stderr.write(`jiaozi: ${line}\n`)
}
