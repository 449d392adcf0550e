#!/usr/bin/env node
import { installedNode, runProgram } from './bootstrap/program.mjs'
import { failWith } from './bootstrap/refusal.mjs'

/**
 * What each npm script runs. This file and its folder are plain JavaScript that needs no package, so that a fresh
 * clone with the machine's own Node 20 gets from `npm start` to a running region with nothing else typed.
 * @type {Record<string, string>}
 */
const programs = {
  start: 'deploy/supervisor/main.ts',
  test: 'deploy/check/test.ts',
  check: 'deploy/check/check.ts',
  generate: 'deploy/check/generate.ts',
  demo: 'load/demo/main.ts',
  bench: 'load/bench/main.ts',
  load: 'load/generator/main.ts',
  'load:prepare': 'load/k6/prepareMain.ts',
  size: 'load/sizing/main.ts',
  sim: 'actors/sim/main.ts',
  chaos: 'chaos/oneRegion/main.ts',
  'drill:all': 'chaos/drills/allMain.ts',
}

/**
 * What measures is itself measured: a process that makes load spends its time on that, and not on collecting the buffers
 * of the frames that it sent.
 * @type {Record<string, string[]>}
 */
const nodeFlags = { bench: ['--external-memory-accounted-in-global-limit', '--initial-heap-size=512'] }

const [task = '', ...args] = process.argv.slice(2)
const program = Object.hasOwn(programs, task) ? programs[task] : undefined

if (task === 'install') await installedNode()
else if (program === undefined)
  failWith(`there is no task '${task}': one of ${Object.keys(programs).join(', ')}, install`)
else await runProgram(program, args, nodeFlags[task])
