import { z } from 'zod'
import { createLogger, drainOnSignal, runMain } from '../../log/process.ts'
import { loadSettings, sandboxCentralBankSettings } from '../../log/settings.ts'
import { secretKey } from '../wire.ts'
import { openBookFile } from './bookFile.ts'
import { CentralBankBook, centralBankFormatVersion, centralBankSchema } from './centralBankBook.ts'
import { centralBankRoutes } from './centralBankRoutes.ts'
import { GroupCommit } from './groupCommit.ts'
import { openingSettlementFen, sandboxBankCode, signers } from './parties.ts'
import { startSignedServer } from './signedServer.ts'
import { stopServer } from './stopServer.ts'

/** A central bank that stands in for the real one: reserves, settlement accounts and the issuance book. */
runMain('sandbox-central-bank', async () => {
  // Loopback unless the far side stands in a container of its own.
  const settings = loadSettings(sandboxCentralBankSettings.extend({ host: z.string().default('127.0.0.1') }))
  const log = createLogger('sandbox-central-bank', settings.logLevel)
  const db = openBookFile(settings.dataFile, centralBankFormatVersion, centralBankSchema)
  const book = new CentralBankBook(db)
  const commits = new GroupCommit(db)
  await commits.run(() => book.addBank(sandboxBankCode, openingSettlementFen, Date.now()))
  const server = await startSignedServer({
    host: settings.host,
    port: settings.port,
    keys: { [signers.connector]: secretKey(settings.secret), [signers.bank]: secretKey(settings.bankSecret) },
    routes: centralBankRoutes(book, commits),
    log,
    ready: () => db.isOpen,
  })
  log.info({ port: settings.port }, 'central bank is open')
  drainOnSignal(log, async () => {
    await stopServer(server)
    db.close()
  })
})
