import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import { type QrFormat, qrCode, qrTypes } from '../pay/qrCode.ts'
import type { Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { SignerName } from './session.ts'

type Picture = { readonly file: string; readonly format: QrFormat }
type QrOptions = { out?: Picture; as?: SignerName }

function pictureArgument(file: string): Picture {
  const format = extname(file).slice(1)
  if (!Object.hasOwn(qrTypes, format)) throw new InvalidArgumentError('It must end in .svg or .png.')
  return { file, format: format as QrFormat }
}

/** Shows a code on the terminal, or writes it as a picture. @param pathOf where the API has it, of the arguments */
export function addQrCommand(command: Command, register: Register, pathOf: (args: readonly string[]) => string): void {
  command.option('--out <file>', 'write the code as .svg or .png instead of showing it', pictureArgument)
  register<QrOptions>(command, async ({ args, options, session }) => {
    const signer = session.signerFor(args[0]!, options.as)
    const { body } = await session.call(signer, 'GET', pathOf(args))
    const url = String(body.url)
    if (options.out === undefined) return { body, text: `${renderUnicodeCompact(url, { border: 2 })}\n${url}` }
    const { file, format } = options.out
    try {
      writeFileSync(file, qrCode(url, format).content)
    } catch (error) {
      throw new BadInput(`--out ${file} cannot be written: ${(error as Error).message}`)
    }
    return { body: { ...body, file }, text: `${file} leads to ${url}` }
  })
}
