import { runCommandLine } from './program.ts'

const ended = (stream: NodeJS.WriteStream): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()))

// A reader such as `head` may close the pipe before everything is written: that is its right.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 4))

const code = await runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
})
await Promise.all([ended(process.stdout), ended(process.stderr)])
process.exit(code)
