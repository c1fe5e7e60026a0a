// The arrows of docs/architecture.md: services and clients use libs, never each other. `npm run deps:check` applies these rules
// and shows with planted violations that each of them bites.

/** Tests may start the real servers, and each other's programs. */
const test = '\\.(integration\\.)?test\\.tsx?$|/(testing|integration)/';
const ours = '^(services|clients|libs|stack|e2e|bench|scripts)/';
/** Runs in the browser too. */
const browserSafe =
  '^libs/(rest-client/|stream/|terminal-client/(?!src/node/))|^libs/contracts/src/(rest|frames)/|^libs/contracts/src/(capabilities|errors|ids|plain-text|rights|session-kinds)\\.ts$';
/** Parts of the contract that every program needs, without dependencies. */
const common =
  '^libs/contracts/src/(back-off|deadline|file-paths|json|linux-users|loopback|run-limits|shell-word|variable-name|token-scopes)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-service-imports-another',
      comment: 'Services meet on the bus, over HTTP and over gRPC; what they share is in libs.',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: test },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'no-client-imports-another',
      severity: 'error',
      from: { path: '^clients/([^/]+)/', pathNot: test },
      to: { path: '^(clients|services)/', pathNot: '^clients/$1/' },
    },
    {
      name: 'services-know-no-client',
      severity: 'error',
      from: { path: '^services/', pathNot: test },
      to: { path: '^clients/' },
    },
    {
      name: 'product-knows-no-tooling',
      comment: 'stack, e2e, bench and scripts use the product, not the other way round.',
      severity: 'error',
      from: { path: '^(services|clients|libs)/', pathNot: test },
      to: { path: '^(stack|e2e|bench|scripts)/' },
    },
    {
      name: 'libs-know-no-user',
      severity: 'error',
      from: { path: '^libs/', pathNot: test },
      to: { path: '^(services|clients)/' },
    },
    {
      name: 'contracts-and-stream-stand-alone',
      severity: 'error',
      from: { path: '^libs/(contracts|stream)/' },
      to: { path: ours, pathNot: '^libs/$1/' },
    },
    {
      name: 'shared-uses-contracts-only',
      severity: 'error',
      from: { path: '^libs/shared/', pathNot: test },
      to: { path: ours, pathNot: '^libs/(shared|contracts)/' },
    },
    {
      name: 'gateway-loads-no-store',
      comment: 'It asks the services. With what MongoDB and NATS load it took 142 MB at its start instead of 110.',
      severity: 'error',
      from: { path: '^services/gateway/src/', pathNot: test },
      to: { path: 'node_modules/(mongoose|mongodb)/', reachable: true },
    },
    {
      name: 'terminal-client-uses-contracts-and-stream-only',
      severity: 'error',
      from: { path: '^libs/terminal-client/', pathNot: test },
      to: { path: ours, pathNot: '^libs/(terminal-client|contracts|stream)/' },
    },
    {
      name: 'rest-client-uses-contracts-only',
      severity: 'error',
      from: { path: '^libs/rest-client/', pathNot: test },
      to: { path: ours, pathNot: '^libs/(rest-client|contracts)/' },
    },
    {
      name: 'web-takes-only-what-a-browser-runs',
      comment: 'The entry points grpc and bus would bundle grpc-js and Node.',
      severity: 'error',
      from: { path: '^clients/web/src/', pathNot: test },
      to: { path: ours, pathNot: `^clients/web/|${browserSafe}|${common}` },
    },
    {
      name: 'no-node-api-where-a-browser-runs',
      severity: 'error',
      from: { path: `${browserSafe}|${common}|^clients/web/src/`, pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-product-code-imports-tests',
      severity: 'error',
      from: { path: '^(services|clients|libs|stack)/', pathNot: test },
      to: { path: test, pathNot: 'node_modules' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolved-imports',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|generated|\\.cache)/' },
    tsPreCompilationDeps: true,
    // Rules speak of real places: workspace packages are links below node_modules.
    preserveSymlinks: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
    },
  },
};
