/**
 * Imports point down only: ledger <- log <- host | followers | connectors; edge stands on ledger and log beside them;
 * load and chaos see the region from outside. What tests need to set the scene may reach further.
 */
const rooms = '^(actors|edge|load|chaos|deploy|tests)/'
const scenes = '(\\.test\\.ts|\\.fixture\\.ts|Contract\\.ts|/test[A-Z][^/]*\\.ts|^actors/log/restartableNats\\.ts)$'
const checks = '^(deploy/check/|vitest\\.config\\.ts$)'

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
const production = (path) => ({ path, pathNot: scenes })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    rule(
      'ledger-imports-nothing',
      'The ledger is pure: neither npm nor node: nor another room may make two replicas of it differ.',
      production('^actors/ledger/'),
      { pathNot: '^actors/ledger/' },
    ),
    rule('log-stands-on-ledger', 'Between log and ledger there is no other floor.', production('^actors/log/'), {
      path: rooms,
      pathNot: '^actors/(ledger|log)/',
    }),
    rule(
      'second-floor-keeps-apart',
      'Host, followers and connectors know log and ledger, and meet each other only through messages. Reconciliation asks both far sides in the words of the connectors.',
      production('^actors/(host|followers|connectors)/'),
      { path: rooms, pathNot: ['^actors/(ledger|log|$1)/', '^actors/connectors/(farTxId|signedCall|yuan)\\.ts$'] },
    ),
    rule(
      'edge-stands-on-log',
      'The edge reads the tables of the journal and drives the rest through NATS.',
      production('^edge/'),
      { path: rooms, pathNot: ['^edge/', '^actors/(ledger|log)/', '^actors/followers/schema\\.ts$'] },
    ),
    rule(
      'client-stands-alone',
      'What runs in a browser has nothing but fetch and WebCrypto below it. The two files of the tools that run on Node stand beside it.',
      { path: '^edge/client/', pathNot: [scenes, '^edge/client/((node|requests)\\.ts$|examples/)'] },
      { pathNot: ['^edge/client/(?!node\\.ts|requests\\.ts)'] },
    ),
    rule(
      'load-stays-outside',
      'What loads a region speaks HTTP and NATS; the lowest rungs of the ladder make frames with ledger and log.',
      production('^load/'),
      {
        path: rooms,
        pathNot: ['^load/', '^edge/(client/|wire/canonical\\.ts$)', '^actors/(ledger|log)/', '^deploy/'],
      },
    ),
    rule(
      'chaos-stays-outside',
      'A checker that imports what it judges repeats its mistakes. The form of reports is no part of that.',
      production('^chaos/'),
      { path: rooms, pathNot: ['^chaos/', '^edge/client/', '^deploy/', '^actors/log/report\\.ts$'] },
    ),
    rule('nothing-imports-load', 'Load generators are programs.', { pathNot: '^load/' }, { path: '^load/' }),
    rule('nothing-imports-chaos', 'Fault injectors are programs.', { pathNot: '^chaos/' }, { path: '^chaos/' }),
    rule('nothing-imports-cli', 'The command line is a program.', { pathNot: '^edge/cli/' }, { path: '^edge/cli/' }),
    rule(
      'nothing-imports-sim',
      'The simulation composes every floor.',
      { pathNot: '^actors/sim/' },
      {
        path: '^actors/sim/',
      },
    ),
    rule(
      'production-imports-no-scene',
      'A region must start without what sets the scene for tests.',
      { pathNot: [scenes, checks] },
      { path: scenes },
    ),
    rule(
      'production-imports-no-dev-dependency',
      'An install without dev dependencies must run every program but the checks.',
      // What k6 runs has types alone of it here: k6 brings its own modules. A browser is opened only where its driver is.
      { pathNot: [scenes, checks, '\\.config\\.ts$', '^load/k6/', '^deploy/chromium\\.ts$'] },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'no-undeclared-package',
      'A package must stand in package.json; the client has one of its own, and its tests come with the rest.',
      { pathNot: '^edge/client/.*\\.test\\.ts$' },
      {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
      },
    ),
    rule('no-unresolvable', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    rule(
      'no-cycle',
      'Two files that need each other are one file.',
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
  ],
  options: {
    // TypeScript 7 has no API that the default parser could use: without swc no .ts file would be seen at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/gen/', '^deploy/tools/', '^edge/console/app/dist'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default'] },
  },
}
