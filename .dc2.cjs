/** Dependencies point inwards: handlers → use cases → core → contracts. Components meet through contracts and events. */
const pureLibraries = '^node_modules/(zod|jsonata|croner|@dagrejs/graphlib|stemmer|node-diff3|fast-json-patch)/';
const component = '(?:distributor|workflow|context|coordinator)';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle means that two files are one idea, or that an idea between them has no file yet.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that resolves to nothing fails only when it runs.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'contracts-stand-alone',
      severity: 'error',
      comment: 'The contracts are what everything else depends on, so they depend on nothing but zod.',
      from: { path: '^src/contracts/', pathNot: '^src/contracts/generate\\.ts$' },
      to: { pathNot: ['^src/contracts/', pureLibraries] },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'A core sees the contracts, pure libraries and itself; workflow may see the core of the distributor.',
      from: { path: `^src/${component}/core/` },
      to: { pathNot: ['^src/contracts/', `^src/${component}/core/`, pureLibraries] },
    },
    {
      name: 'core-keeps-to-its-component',
      severity: 'error',
      comment: 'Only the workflow may build on the distributor, through its core and its ports; never the reverse.',
      from: { path: `^src/(${component})/` },
      to: {
        path: `^src/${component}/`,
        pathNot: ['^src/$1/', '^src/distributor/core/', '^src/distributor/ports(\\.ts$|/)'],
      },
    },
    {
      name: 'only-workflow-builds-on-distributor',
      severity: 'error',
      comment: 'Other components meet the distributor through contracts and events.',
      from: { path: '^src/(?:context|coordinator)/' },
      to: { path: '^src/distributor/' },
    },
    {
      name: 'use-cases-see-ports',
      severity: 'error',
      comment: 'A use case knows ports, not adapters: that is why it runs on three clouds.',
      from: { path: `^src/${component}/(?!core/)` },
      to: {
        path: ['^src/(platform|sdk|cli|mcp|console)/', '^(functions|infra|bench|examples)/', '@aws-sdk/', '@smithy/'],
      },
    },
    {
      name: 'aws-behind-the-platform',
      severity: 'error',
      comment: 'The AWS SDK is one adapter; only the platform (and the local deployment) may name it.',
      from: {
        path: '^(src|functions)/',
        pathNot: ['^src/platform/(aws|twin)/', '^src/cli/local/'],
      },
      to: { path: '^node_modules/(@aws-sdk|@smithy)/' },
    },
    {
      name: 'ways-in-never-see-the-core',
      severity: 'error',
      comment:
        'SDK, CLI, MCP and console see contracts, platform clients and the HTTP API. The twin is the one exception.',
      from: {
        path: '^src/(sdk|cli|mcp|console)/',
        pathNot: ['^src/sdk/test-cloud/'],
      },
      to: { path: `^src/(${component}/|platform/twin/)` },
    },
    {
      name: 'simulator-runs-the-core',
      severity: 'error',
      comment:
        'The simulator replaces the cloud around the cores: it sees contracts and cores, never an adapter, the twin or a way in.',
      from: { path: '^src/simulator/' },
      to: { path: ['^src/(?!contracts/|simulator/|distributor/core/)', '^(functions|infra|examples)/'] },
    },
    {
      name: 'infra-stands-apart',
      severity: 'error',
      comment:
        'What is deployed is described by infra; it shares contracts, the table of what is deployed and the keys of the table with what runs.',
      from: { path: '^infra/' },
      to: { path: ['^src/(?!contracts/|platform/topology\\.ts$|platform/aws/(context/)?keys\\.ts$)', '^functions/'] },
    },
    {
      name: 'nothing-imports-infra',
      severity: 'error',
      comment: 'The CDK is a build tool; it never reaches a bundle.',
      from: { path: '^(src|functions|examples)/' },
      to: { path: ['^infra/', '^node_modules/(aws-cdk-lib|constructs|cdk-nag)/'] },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      comment: 'The tests know the product; the product does not know the tests.',
      from: { pathNot: '^(test|bench|spec)/' },
      to: { path: ['^test/', '^bench/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^cdk\\.out/', '^\\.local/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
