import { z } from 'zod'
import { createLogger, drainOnSignal, runMain } from '../../log/process.ts'
import { loadSettings, sandboxBankSettings } from '../../log/settings.ts'
import { secretKey } from '../wire.ts'
import { BankBook, bankFormatVersion, bankSchema } from './bankBook.ts'
import { bankRoutes } from './bankRoutes.ts'
import { openBookFile } from './bookFile.ts'
import { GroupCommit } from './groupCommit.ts'
import { openingSettlementFen, signers } from './parties.ts'
import { Settlements } from './settlements.ts'
import { startSignedServer } from './signedServer.ts'
import { stopServer } from './stopServer.ts'

/** A bank that stands in for a real one: its own program, its own ledger, reached over HTTP alone. */
runMain('sandbox-bank', async () => {
  // Loopback unless the far side stands in a container of its own.
  const settings = loadSettings(sandboxBankSettings.extend({ host: z.string().default('127.0.0.1') }))
  const log = createLogger('sandbox-bank', settings.logLevel)
  const db = openBookFile(settings.dataFile, bankFormatVersion, bankSchema)
  const book = new BankBook(db)
  const commits = new GroupCommit(db)
  await commits.run(() => book.establish(openingSettlementFen, Date.now()))
  const caller = {
    baseUrl: settings.centralBankUrl,
    key: secretKey(settings.centralBankSecret),
    signer: signers.bank,
  }
  const settlements = new Settlements(book, commits, caller, log)
  await settlements.resume()
  const server = await startSignedServer({
    host: settings.host,
    port: settings.port,
    keys: { [signers.connector]: secretKey(settings.secret) },
    routes: bankRoutes(book, commits, settlements),
    log,
    ready: () => db.isOpen,
  })
  log.info({ port: settings.port }, 'bank is open')
  drainOnSignal(log, async () => {
    await stopServer(server)
    await settlements.stop()
    db.close()
  })
})
