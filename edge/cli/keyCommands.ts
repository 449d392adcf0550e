import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { hasKeyRing, openKeyRing } from '../../actors/log/fileKeyRing.ts'
import { isKeyPurpose, type KekInfo, type KeyPurpose } from '../../actors/log/keyRing.ts'
import type { Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { Session } from './session.ts'
import { textTable } from './textTable.ts'

/** The region's keys are files: whoever may write them is the operator, and no request carries a key anywhere. */
export function addKeyCommands(program: Command, register: Register): void {
  const keys = program.command('keys').description("the region's data keys")
  const show = keys.command('show').description('the keys of the region, without their bytes')
  register(show, async ({ session }) => answerOf(openKeyRing(ringFolder(session)).list()))

  const rotate = keys
    .command('rotate')
    .description('make a new data key for every purpose; what older keys sealed stays readable')
    .option(
      '--purpose <name>',
      'only this one, such as shard/0, snapshot, effect or postgres/personal',
      purposeArgument,
    )
  register<{ purpose?: KeyPurpose }>(rotate, async ({ options, session }) => {
    const ring = openKeyRing(ringFolder(session))
    const known = new Set(ring.list().map(({ purpose }) => purpose))
    const { purpose } = options
    if (purpose !== undefined && !known.has(purpose)) throw new BadInput(`the region has no keys for ${purpose}`)
    for (const one of purpose === undefined ? known : [purpose]) ring.rotate(one)
    return answerOf(ring.list().filter(({ current }) => current))
  })
}

function purposeArgument(text: string): KeyPurpose {
  if (isKeyPurpose(text)) return text
  throw new InvalidArgumentError('It must be a purpose such as shard/0, snapshot, effect or postgres/personal.')
}

/** Whether the region runs or not: running processes see new keys within seconds. */
function ringFolder({ options }: Session): string {
  if (options.url !== undefined)
    throw new BadInput('keys are files of the region: give its folder with --data, not --url')
  const dir = join(options.data, 'keys')
  if (!hasKeyRing(dir)) throw new BadInput(`${dir} has no keys of a region`)
  return dir
}

function answerOf(list: readonly KekInfo[]) {
  const keys = list.map(({ id, purpose, version, createdMs, current }) => {
    return { id, purpose, version, created_at: new Date(createdMs).toISOString(), current }
  })
  const rows = keys.map((key) => [
    key.purpose,
    String(key.version),
    String(key.id),
    key.created_at,
    key.current ? '*' : '',
  ])
  const text = textTable({ head: ['purpose', 'version', 'id', 'made', ''], rows, right: [1, 2] })
  return { body: { keys }, text }
}
