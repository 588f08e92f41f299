/** Imports run one way: domain ← seams ← implementations and use cases ← roots (ARCHITECTURE.md). */
const ROOTS =
  '^(src/main|jobs/main|jobs/thread|monitor/(main|read/(why|replay|silence-root))|src/store/sqlite/thread|src/cli/[^/]+)\\.ts$';

const onlyIn = (sdk, place) => ({
  name: `${sdk.replace(/\W/g, '')}-only-in-its-place`,
  severity: 'error',
  from: { path: '^(src|jobs|monitor)/', pathNot: place },
  to: { path: `node_modules/${sdk}/` },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-imports-domain-only',
      severity: 'error',
      from: { path: '^src/(domain|trending)/' },
      to: { pathNot: '^src/(domain|trending)/' },
    },
    {
      name: 'seams-import-domain-only',
      severity: 'error',
      from: {
        path: '^src/(store/(store|import-store|upkeep-store|keep-store|move-store|common)|scorer/scorer|reddit/source)\\.ts$',
      },
      to: {
        pathNot:
          '^src/(domain/|reddit/schemas|store/(import-store|upkeep-store|keep-store|move-store|common)\\.ts$)',
      },
    },
    {
      name: 'implementations-stay-apart',
      severity: 'error',
      from: { path: '^src/(reddit|scorer|store)/' },
      to: {
        path: '^src/(reddit|scorer|store|collect|routes|health|simulator)/',
        pathNot: '^src/$1/',
      },
    },
    {
      name: 'health-is-pure',
      severity: 'error',
      from: { path: '^src/health/' },
      to: { pathNot: '^src/(health|domain)/|^src/store/store\\.ts$' },
    },
    {
      name: 'use-cases-know-seams-only',
      severity: 'error',
      from: {
        path: '^src/(collect|keep|move|routes|rollups|http|openapi)/|^src/(app|answers|preload|health-monitor|process-sampler|listen|closing)\\.ts$',
      },
      to: {
        path: '^src/(store/(?!(store|import-store|upkeep-store|keep-store|move-store|bounded)\\.ts)|reddit/(?!source|schemas|dump)|scorer/(?!scorer\\.ts)|simulator/)',
      },
    },
    {
      // What is loaded here is paid for by every start (src/openapi/documentation.ts).
      name: 'documentation-loads-when-asked',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/openapi/(document|docs-page|answers|hoist)\\.ts$' },
      to: {
        path: '^src/openapi/(document|docs-page|answers|examples|hoist)\\.ts$|node_modules/@fastify/swagger',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'generated-content-knows-seams-only',
      severity: 'error',
      from: { path: '^src/generate/' },
      to: {
        path: '^src/(store/(?!(store|bounded)\\.ts)|reddit/(?!schemas)|scorer/(?!scorer\\.ts)|simulator/(?!random|sentences|text)|routes/)',
      },
    },
    {
      name: 'nobody-imports-a-root',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: ROOTS },
    },
    {
      name: 'src-imports-neither-jobs-nor-monitor',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(jobs|monitor)/' },
    },
    {
      name: 'monitor-stands-apart',
      severity: 'error',
      from: { path: '^monitor/' },
      to: {
        path: '^(src|jobs)/',
        pathNot:
          '^src/(config|config-schema|errors|log|clock|retry|process|folder|holder|command|ndjson)\\.ts$',
      },
    },
    {
      name: 'product-imports-no-test',
      severity: 'error',
      from: { path: '^(src|jobs|monitor)/' },
      to: { path: '^test/' },
    },
    onlyIn('snoowrap', '^src/reddit/'),
    onlyIn('better-sqlite3', '^src/store/sqlite/'),
    onlyIn('@azure', '^src/store/cosmos/account/'),
    onlyIn('bree', '^jobs/bree\\.ts$'),
    onlyIn('pm2', '^monitor/observe/pm2\\.ts$'),
    onlyIn('pidusage', '^monitor/observe/memory\\.ts$'),
    onlyIn('undici', '^(src/reddit/|monitor/evidence/inspector\\.ts$)'),
    onlyIn('prom-client', '^(src/prometheus|monitor/figures/metrics)\\.ts$'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
