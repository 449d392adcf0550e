#!/usr/bin/env node
import { runProgram } from './bootstrap/program.mjs'

// `npx jiaozi` finds this file by package.json's "bin" in a clone that has no packages yet, and starts it with the
// machine's Node, which may be too old to read TypeScript: so it goes the same way as every npm script.
await runProgram('edge/cli/jiaozi.ts', process.argv.slice(2))
