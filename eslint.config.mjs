import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const domain = ['services/*/src/domain/**/*.ts', 'services/*/src/projections/**/*.ts', 'libs/kernel/src/**/*.ts', 'libs/contracts/src/**/*.ts'];
const application = ['services/*/src/application/**/*.ts'];
const specs = ['**/*.spec.ts', '**/testing/**', 'libs/testing/**', 'services/*/test/**'];

/** What only a port may do: read a clock, throw dice, start timers. One seed, one history (ARCHITECTURE §7). */
const outsideWorld = {
  'no-restricted-globals': ['error',
    ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'crypto', 'process'].map((name) => ({ name, message: 'take it through a port' })),
  ],
  'no-restricted-syntax': ['error',
    { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'time comes in the command or from Clock' },
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'time comes in the command or from Clock' },
    { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'chance comes from Random' },
    { selector: "CallExpression[callee.name='randomUUID'], CallExpression[callee.property.name='randomUUID']", message: 'ids come from Ids' },
    { selector: "Program > VariableDeclaration[kind='let'], Program > ExportNamedDeclaration > VariableDeclaration[kind='let']", message: 'no module-level mutable state' },
    { selector: "Program > VariableDeclaration > VariableDeclarator > NewExpression[callee.name=/^(Map|Set|WeakMap|WeakSet|LRUCache)$/][arguments.length=0]", message: 'no module-level mutable state' },
  ],
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/gen/**', '**/node_modules/**', 'test/fixtures/**', '**/*.cjs', '**/*.mjs', '**/bin/*.js', '**/public/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['test/*.ts', 'bench/*.ts'] }, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true, IIFEs: true }],
      // A switch counts once: exhaustive ones over a union are how we decide (STYLE §2).
      complexity: ['error', { max: 12, variant: 'modified' }],
      'max-depth': ['error', 4],
      'max-params': ['error', 6],
      'no-empty': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-console': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@nx/enforce-module-boundaries': ['error', {
        enforceBuildableLibDependency: false, allow: [], banTransitiveDependencies: false,
        depConstraints: [
          { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: ['type:kernel'] },
          { sourceTag: 'type:contract', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract'] },
          { sourceTag: 'type:port', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract', 'type:port'] },
          // What talks to a real system. Ports and services never see it; composition chooses it.
          { sourceTag: 'type:adapter', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract', 'type:port', 'type:adapter'] },
          // A service as a process: chooses adapters by configuration.
          { sourceTag: 'type:composition', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract', 'type:port', 'type:adapter', 'type:composition'] },
          { sourceTag: 'type:service', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract', 'type:port'] },
          { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:kernel', 'type:contract', 'type:port', 'type:adapter', 'type:composition', 'type:service', 'type:app'] },
        ],
      }],
    },
  },
  // A service's main is its composition: the one file of it that may know adapters. What else may import what, dependency-cruiser says.
  { files: ['services/*/src/main.ts'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  { files: [...domain, ...application], ignores: specs, rules: outsideWorld },
  { files: specs, rules: { 'max-lines-per-function': 'off', 'max-lines': ['error', { max: 500, skipComments: true, skipBlankLines: true }] } },
);
