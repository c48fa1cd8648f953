// Runs what is checked, stage by stage, and ends with `N passed, N failed[, N skipped]`. A stage that is no jest run counts as
// one check. `--only=types,lint` picks stages. VOUCHSAFE_LONG=1 runs the long forms.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7).split(',');
const long = process.env.VOUCHSAFE_LONG === '1';
const total = { passed: 0, failed: 0, skipped: 0 };
const budget = [];

const run = (command, args, quiet) => spawnSync(command, args, {
  stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28,
  env: { ...process.env, FORCE_COLOR: '0', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
});
const timed = (name, work) => {
  if (only && !only.includes(name)) return;
  const from = performance.now();
  const { passed = 0, failed = 0, skipped = 0 } = work();
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  budget.push({ name, seconds: (performance.now() - from) / 1000, passed, failed, skipped });
  console.log(`${failed ? '✘' : '✔'} ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${((performance.now() - from) / 1000).toFixed(1)} s)`);
};
/** A command that passes or fails as a whole; its output is shown only when it fails. */
const check = (name, command, args) => timed(name, () => {
  const { status, stdout, stderr } = run(command, args, true);
  if (status === 0) return { passed: 1 };
  console.log(`${stdout}${stderr}`);
  return { failed: 1 };
});
const jest = (name, pattern, ...more) => timed(name, () => {
  const file = path.join('.cache', `jest-${name}.json`);
  mkdirSync('.cache', { recursive: true });
  rmSync(file, { force: true });
  const { status, stdout, stderr } = run('jest', ['--json', `--outputFile=${file}`, '--silent', '--reporters=default', '--testPathPatterns', pattern, ...more], true);
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.log(`${stdout}${stderr}`);
    return { failed: 1 };
  }
  if (report.numFailedTests + report.numRuntimeErrorTestSuites > 0 || status !== 0) console.log(stderr);
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) if (test.status === 'pending') console.log(`  skipped: ${test.fullName}`);
  }
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites, skipped: report.numPendingTests };
});

/** A checker of its own that ends with the same closing line. Each of its checks counts; what it skips for lack of a tool it says by name. */
const checker = (name, ...files) => timed(name, () => files.map((file) => {
  const { stdout, stderr } = run('node', [file], true);
  const [, passed, failed, skipped = 0] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/m.exec(stdout) ?? [undefined, 0, 1];
  if (Number(failed) > 0) console.log(`${stdout}${stderr}`);
  else if (Number(skipped) > 0) console.log(stdout.split('\n').filter((line) => line.includes('skipped')).join('\n'));
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}).reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped })));

const stoodBehind = () => {
  try {
    return JSON.parse(readFileSync('.cache/real-servers.json', 'utf8'));
  } catch {
    return ['what stood behind the ports is not known: the run did not get so far'];
  }
};

/** The forms that the end-to-end journeys ran on in this run, and what stood behind each port of theirs. */
const JOURNEYS = path.join('.cache', 'journeys');
rmSync(JOURNEYS, { recursive: true, force: true });
const journeysOn = (form) => {
  try {
    for (const line of JSON.parse(readFileSync(path.join(JOURNEYS, `${form}.json`), 'utf8'))) console.log(`  journeys, ${form}: ${line}`);
  } catch {
    console.log(`  journeys, ${form}: did not run`);
  }
};

check('types', 'node', ['node_modules/typescript7/bin/tsc', '-b']);
check('graph', 'nx', ['show', 'projects']);
check('lint', 'eslint', ['--cache', '--cache-location', '.cache/eslint', 'libs', 'services', 'test']);
check('boundaries', 'depcruise', ['libs', 'services', '--config', '.dependency-cruiser.cjs']);
check('proto', 'buf', ['lint']);
// What channels rely on: nothing of the last released contract may be taken away (`npm run proto:baseline` at a release).
check('breaking', 'buf', ['breaking', '--against', 'proto/baseline.binpb']);
// Tools come by `make helm-check` and `make rules-check` (or .ci/run); without them the checks that need one are skipped.
checker('deploy', 'deploy/check/helm.mjs', 'deploy/check/rules.mjs');
jest('unit', '^(?!.*(contract|e2e|real)\\.spec).*\\.spec\\.ts$');
jest('contract', '\\.contract\\.spec\\.ts$');
jest('e2e', '\\.e2e\\.spec\\.ts$', '--runInBand');
if (!only || only.includes('e2e')) journeysOn('embedded');
// On real servers: one Kafka, one mongod for all. Says what stood behind each port; skips are named with their reason.
jest('real', '\\.real\\.spec\\.ts$', '--config', 'jest.real.config.cjs');
if (!only || only.includes('real')) {
  for (const line of stoodBehind()) console.log(`  ${line}`);
  journeysOn('distributed');
}
timed('crash', () => {
  const { status, stdout } = run('node', ['services/cli/bin/vouchsafe.js', 'crash', '--kills', long ? '200' : '10', '--seed', '1'], true);
  console.log(stdout?.trim().split('\n').at(-1));
  return status === 0 ? { passed: 1 } : { failed: 1 };
});

console.log('\n时间 / time by suite');
for (const { name, seconds, passed, failed, skipped } of budget) {
  console.log(`  ${name.padEnd(12)}${seconds.toFixed(1).padStart(7)} s  ${passed} passed, ${failed} failed, ${skipped} skipped`);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
