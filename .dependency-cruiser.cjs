// Boundaries between rooms (STYLE §11). Nx guards projects; this guards folders of one project.
const room = (name) => `^services/([^/]+)/src/${name}/`;
const rule = (name, from, to, comment) => ({ name, severity: 'error', from, to, ...(comment && { comment }) });
const spec = '\\.spec\\.ts$';
const drivers = '@nestjs|kafkajs|mongoose|@grpc|@eventstore|fastify|node:sqlite|better-sqlite3';

module.exports = {
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules|/dist/|/gen/' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'node', 'require', 'types', 'default'] },
  },
  forbidden: [
    rule('domain-is-pure', { path: room('domain'), pathNot: spec }, { pathNot: ['^services/$1/src/domain/', '^libs/kernel/', 'node_modules/immutable/'] },
      'A domain imports itself, the kernel and persistent maps (ADR 0003); nothing else.'),
    rule('projections-are-pure', { path: room('projections'), pathNot: spec },
      { path: `/(adapters|api|application)/|${drivers}` }),
    rule('application-uses-ports', { path: room('application'), pathNot: spec }, { path: `/src/(adapters|api)/|${drivers}` }),
    rule('adapters-know-no-api', { path: room('adapters'), pathNot: spec }, { path: '^services/[^/]+/src/api/' }),
    rule('nest-at-the-rim', { path: '^services/[^/]+/src/(domain|application|projections|adapters)/' }, { path: '@nestjs' }),
    rule('no-neighbours', { path: '^services/(?!all-in-one|cli)([^/]+)/', pathNot: `${spec}|^services/gateway/src/catalogues\\.ts$` }, { path: '^services/', pathNot: '^services/$1/' },
      'The gateway knows the words of every service’s errors, nothing else of it.'),
    rule('adapters-in-composition-only', { path: '^services/(?!all-in-one|cli)[^/]+/', pathNot: `${spec}|^services/[^/]+/src/main\\.ts$` },
      { path: '^libs/(process|mongo|[^/]+-(kafka|mongo|esdb|grpc))/' }, 'Only the main of a service (and the all-in-one) chooses what stands behind its ports.'),
    rule('libs-know-no-service', { path: '^libs/' }, { path: '^services/' }),
    rule('kernel-imports-nothing', { path: '^libs/kernel/src/', pathNot: spec }, { pathNot: '^libs/kernel/src/' }),
    rule('no-cycles', {}, { circular: true, pathNot: 'node_modules' }),
  ],
};
