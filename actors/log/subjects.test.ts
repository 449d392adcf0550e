import { describe, expect, test } from 'vitest'
import {
  answersSubject,
  beatSubject,
  type CommandSender,
  commandSubject,
  controlSubject,
  effectsSubject,
  endedBucket,
  endedSubject,
  hookSubject,
  logStreamName,
  logStreamSubjects,
  markSubject,
  parseSubject,
  querySubject,
  safeSubject,
  trimSubject,
  vouchSubject,
} from './subjects.ts'

const senders: CommandSender[] = [
  { kind: 'edge', id: 'e1' },
  { kind: 'shard', shard: 12 },
  { kind: 'connector', id: 'bank-1' },
  { kind: 'op' },
  { kind: 'host' },
]

describe('subjects', () => {
  test('a shard has one stream and one tree of command subjects', () => {
    expect(logStreamName('a', 0)).toBe('LOG_a_0')
    expect(logStreamSubjects('a', 0)).toBe('cmd.a.0.>')
    expect(endedBucket('a')).toBe('ended_a')
    expect(senders.map((sender) => commandSubject('a', 0, sender))).toEqual([
      'cmd.a.0.edge.e1',
      'cmd.a.0.shard.12',
      'cmd.a.0.connector.bank-1',
      'cmd.a.0.op',
      'cmd.a.0.host',
    ])
  })

  test.each(senders)('the parser reads back a command subject of $kind', (sender) => {
    expect(parseSubject(commandSubject('b', 63, sender))).toEqual({ kind: 'command', region: 'b', shard: 63, sender })
  })

  test('the parser reads back answers, queries, effects and marks', () => {
    expect(parseSubject(answersSubject('e_7'))).toEqual({ kind: 'answers', edgeId: 'e_7' })
    expect(parseSubject(querySubject('a', 1))).toEqual({ kind: 'query', region: 'a', shard: 1 })
    expect(parseSubject(effectsSubject('a', 2))).toEqual({ kind: 'effects', region: 'a', shard: 2 })
    expect(parseSubject(markSubject('a', 3))).toEqual({ kind: 'mark', region: 'a', shard: 3 })
    expect(parseSubject(safeSubject('a', 3))).toEqual({ kind: 'safe', region: 'a', shard: 3 })
    expect(parseSubject(controlSubject('a', 3))).toEqual({ kind: 'control', region: 'a', shard: 3 })
    expect(parseSubject(vouchSubject('a'))).toEqual({ kind: 'vouch', region: 'a' })
    expect(parseSubject(trimSubject('a'))).toEqual({ kind: 'trim', region: 'a' })
    expect(parseSubject(hookSubject('a'))).toEqual({ kind: 'hook', region: 'a' })
    expect(parseSubject(endedSubject('b'))).toEqual({ kind: 'ended', region: 'b' })
    expect(parseSubject(beatSubject('b'))).toEqual({ kind: 'beat', region: 'b' })
    expect(parseSubject('vouch.a.0')).toBeUndefined()
  })

  test.each([
    '',
    'res',
    'res.e1.more',
    'cmd.a.0',
    'cmd.a.0.edge',
    'cmd.a.0.edge.e1.more',
    'cmd.a.0.op.more',
    'cmd.a.0.shard.01',
    'cmd.a.0.shard.65536',
    'cmd.a.-1.op',
    'cmd.A.0.op',
    'cmd.a.0.stranger.x',
    'q.a.0.more',
    '$JS.API.INFO',
  ])('"%s" is none of ours', (subject) => {
    expect(parseSubject(subject)).toBeUndefined()
  })

  test('a name that would widen a subject is refused by name', () => {
    expect(() => answersSubject('*')).toThrow('edge id')
    expect(() => commandSubject('a', 0, { kind: 'connector', id: 'x.>' })).toThrow('connector id')
    expect(() => commandSubject('aa', 0, { kind: 'op' })).toThrow('region')
    expect(() => logStreamName('a', 1.5)).toThrow('shard')
  })
})
