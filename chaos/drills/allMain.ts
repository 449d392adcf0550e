process.argv.splice(2, 0, 'all')
await import('./main.ts')
