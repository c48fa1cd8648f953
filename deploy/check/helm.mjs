// `make helm-check`: the files by which the platform is deployed. Each check says what it did; one whose tool is not there is skipped
// by name and reason (VOUCHSAFE_REQUIRE_TOOLS=1: fails). `--update` writes the golden renders.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
process.chdir(root);
const CHART = 'deploy/helm/vouchsafe';
const GOLDEN = 'deploy/helm/golden';
const RENDERS = '.tools/renders';
const FORMS = ['all-in-one', 'small-cluster', 'production'];
/** Rendered and checked as well, without a golden one. */
const VARIANT = 'production-with-jobs';
const KUBERNETES = '1.37.0';
const HELM = '.tools/bin/helm';
const update = process.argv.includes('--update');
const total = { passed: 0, failed: 0, skipped: 0 };

const run = (command, args) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { ok: status === 0, stdout: stdout ?? '', told: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
};
/** `work` answers undefined where all is well, else what is wrong. */
const check = (name, tool, work) => {
  if (tool && !existsSync(tool)) {
    const required = process.env.VOUCHSAFE_REQUIRE_TOOLS === '1';
    total[required ? 'failed' : 'skipped']++;
    console.log(`${required ? '✘' : '–'} ${name}: skipped, ${tool} is not there (deploy/check/tools.sh says why)`);
    return;
  }
  const wrong = work();
  total[wrong === undefined ? 'passed' : 'failed']++;
  console.log(wrong === undefined ? `✔ ${name}` : `✘ ${name}\n${wrong.trimEnd()}`);
};
const whole = ({ ok, told }) => (ok ? undefined : told);
const render = (form, ...more) => run(HELM, ['template', 'vouchsafe', CHART, '--namespace', 'vouchsafe', '--kube-version', KUBERNETES, '--values', `${CHART}/values/${form}.yaml`, ...more]);
const renderOf = (form) => `${RENDERS}/${form}.yaml`;

/** First lines in which two texts differ. */
const difference = (is, was) => {
  const [a, b] = [is.split('\n'), was.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  const from = Math.max(0, at < 0 ? Math.min(a.length, b.length) : at);
  return `  line ${from + 1}\n  golden: ${b[from] ?? '(end)'}\n  render: ${a[from] ?? '(end)'}\n  (node deploy/check/helm.mjs --update, then read the difference)`;
};

mkdirSync(RENDERS, { recursive: true });
mkdirSync(GOLDEN, { recursive: true });
for (const form of FORMS) {
  check(`${form}: helm lint`, HELM, () => whole(run(HELM, ['lint', '--strict', CHART, '--kube-version', KUBERNETES, '--values', `${CHART}/values/${form}.yaml`])));
  check(`${form}: renders as the golden one`, HELM, () => {
    const made = render(form);
    if (!made.ok) return made.told;
    writeFileSync(renderOf(form), made.stdout);
    const golden = `${GOLDEN}/${form}.yaml`;
    if (update) writeFileSync(golden, made.stdout);
    if (!existsSync(golden)) return `  there is no ${golden}`;
    const was = readFileSync(golden, 'utf8');
    return was === made.stdout ? undefined : difference(made.stdout, was);
  });
}

const REFUSED = [
  ['a form that does not exist', 'form=both'], ['a key that does not exist', 'replicas=3'], ['the tag latest', 'image.tag=latest'], ['a digest that is none', 'image.digest=sha256:12'],
  ['no namespace', 'namespaces={}'], ['two namespaces in one distributed release', 'form=distributed'], ['a service that does not exist', 'services.shop.replicas=1'], ['an ingress without a host', 'ingress.enabled=true'],
  ['no replica', 'services.order.replicas=0'], ['a broker without a port', 'kafka.brokers={kafka}'], ['an environment variable in small letters', 'env.path=x'],
];
for (const [what, value] of REFUSED) {
  check(`refused: ${what}`, HELM, () => {
    const { ok, told } = render('all-in-one', '--set', value);
    return ok || !/values don't meet the specifications|did not match|additional propert|not allowed|must be|does not match/i.test(told) ? `  --set ${value}: ${ok ? 'accepted' : told}` : undefined;
  });
}

const READERS = { 'all-in-one': 'services/all-in-one/src/config.ts', 'small-cluster': 'libs/process/src/run/config.ts', production: 'libs/process/src/run/config.ts' };
for (const [form, reader] of Object.entries(READERS)) {
  check(`${form}: every variable is one that is read`, existsSync(reader) ? HELM : reader, () => {
    const known = readFileSync(reader, 'utf8');
    const given = new Set([...readFileSync(renderOf(form), 'utf8').matchAll(/\b((?:VOUCHSAFE|OTEL)_[A-Z_]+)\b/g)].map(([, name]) => name));
    // `NAME_FILE` is read as NAME.
    const unknown = [...given].filter((name) => ![name, name.replace(/_FILE$/, '')].some((each) => new RegExp(`^  ${each}:`, 'm').test(known)));
    return unknown.length > 0 ? `  not in ${reader}: ${unknown.join(', ')}` : undefined;
  });
}
const PYTHON = '.tools/python/bin/python';
check(`${VARIANT}: renders`, HELM, () => {
  const made = render('production', ...['topics', 'indexes', 'migrations'].flatMap((job) => ['--set', `jobs.${job}.enabled=true`]));
  if (made.ok) writeFileSync(renderOf(VARIANT), made.stdout);
  return whole(made);
});
check('strict against the three newest Kubernetes minors, offline, and CRDs', existsSync(HELM) ? PYTHON : HELM, () => {
  const told = run(PYTHON, ['deploy/check/validate.py', '.tools/crds', ...[...FORMS, VARIANT].map(renderOf)]);
  if (told.ok) console.log(told.stdout.trimEnd());
  return whole(told);
});
check('network policies are the arrows of the code', undefined, () => whole(run('node', ['deploy/check/arrows.mjs'])));
const exceptions = readFileSync('deploy/check/kube-score.txt', 'utf8').split('\n').filter((line) => line.startsWith('--')).map((line) => line.split(/ {2,}/));
check('each exception from kube-score has its reason', undefined, () => (exceptions.every(([, reason]) => reason) ? undefined : '  deploy/check/kube-score.txt: a flag without a reason'));
for (const form of [...FORMS, VARIANT]) {
  check(`${form}: kube-score (${exceptions.length} exceptions)`, existsSync(HELM) ? '.tools/bin/kube-score' : HELM, () =>
    whole(run('.tools/bin/kube-score', ['score', '--kubernetes-version', `v${KUBERNETES.split('.').slice(0, 2).join('.')}`, '--exit-one-on-warning', '--output-format', 'ci', ...exceptions.map(([flag]) => flag), renderOf(form)])));
}
check('Dockerfile: hadolint', '.tools/python/bin/hadolint', () => whole(run('.tools/python/bin/hadolint', ['deploy/Dockerfile'])));
for (const file of ['docker-compose.yml', 'deploy/compose/distributed.yml'].filter(existsSync)) {
  check(`${file}: compose schema`, '.tools/python/bin/check-jsonschema', () => whole(run('.tools/python/bin/check-jsonschema', ['--builtin-schema', 'vendor.compose-spec', file])));
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
