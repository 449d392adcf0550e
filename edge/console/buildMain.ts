import { runMain } from '../../actors/log/process.ts'
import { buildConsole } from './build.ts'

runMain('console', async () => {
  const built = await buildConsole()
  process.stdout.write(built ? 'the console was built\n' : 'the console is built already\n')
})
