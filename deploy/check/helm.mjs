// `make helm-check`: the files by which the platform is deployed. Each check says what it did; one whose tool is not there is skipped
// by name and reason (VOUCHSAFE_REQUIRE_TOOLS=1: fails). `--update` writes the golden renders.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
process.chdir(root);
const CHART = 'deploy/helm/vouchsafe';
const GOLDEN = 'deploy/helm/golden';
const RENDERS = '.tools/renders';
const FORMS = ['all-in-one', 'small-cluster', 'production'];
/** Rendered and checked as well, without a golden one. */
const VARIANT = 'production-with-kms';
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

/** A job's command is one of the command line, with options that it has. */
const wrongCommand = (name, args) => {
  const help = run('node', ['services/cli/bin/vouchsafe.js', ...args.slice(0, 2), '--help']).stdout;
  const options = args.slice(2).map((each) => each.split('=')[0]);
  return [...(help.includes(`vouchsafe ${args[0]} ${args[1]}`) ? [] : [`  ${name}: there is no command ${args.slice(0, 2).join(' ')}`]), ...options.filter((option) => !help.includes(`${option} `)).map((option) => `  ${name}: there is no option ${option}`)];
};
/** What is wrong with the environment that `file` gives its processes, by the processes' own parser; `NAME_FILE`s are files as secrets are mounted. */
const wrongEnvironments = (file) => {
  const secrets = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-secrets-'));
  for (const [name, text] of Object.entries({ 'kafka/username': 'u', 'kafka/password': 'p', 'event-store/url': 'esdb://u:p@store:2113?tls=true', 'mongo/url': 'mongodb://u:p@mongo/?replicaSet=rs0', 'vault/vault.key': '0'.repeat(64), 'vault/token': 't' })) {
    mkdirSync(path.dirname(path.join(secrets, name)), { recursive: true });
    writeFileSync(path.join(secrets, name), text);
  }
  const processes = JSON.parse(run(PYTHON, ['deploy/check/processes.py', file]).stdout);
  const wrong = processes.flatMap(({ name, args, env }) => {
    if (args[0] !== 'service' && args[0] !== 'up') return wrongCommand(name, args);
    const command = args[0] === 'service' ? [`services/${args[1]}/dist/main.js`, ...args.slice(2), '--check-config'] : ['services/cli/bin/vouchsafe.js', 'check-config'];
    const own = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value).replace('/etc/vouchsafe', secrets)]));
    const { status, stdout, stderr } = spawnSync('node', command, { encoding: 'utf8', env: { PATH: process.env.PATH, ...own } });
    // A name nobody reads would be passed over in silence.
    const reader = readFileSync(args[0] === 'service' ? 'libs/process/src/run/config.ts' : 'services/all-in-one/src/config.ts', 'utf8');
    const unknown = Object.keys(env).filter((key) => ![key, key.replace(/_FILE$/, '')].some((each) => new RegExp(`^  ${each}:`, 'm').test(reader)));
    return [...(status === 0 ? [] : [`  ${name}: ${stdout}${stderr}`.trimEnd()]), ...unknown.map((key) => `  ${name}: nobody reads ${key}`)];
  });
  rmSync(secrets, { recursive: true });
  return processes.length === 0 ? '  no process is started' : wrong.length > 0 ? wrong.join('\n') : undefined;
};
const PYTHON = '.tools/python/bin/python';
for (const form of FORMS) check(`${form}: each process takes its environment (check-config)`, existsSync(HELM) ? PYTHON : HELM, () => wrongEnvironments(renderOf(form)));
for (const file of ['docker-compose.yml', 'deploy/compose/distributed.yml']) check(`${file}: each process takes its environment (check-config)`, PYTHON, () => wrongEnvironments(file));

check(`${VARIANT}: renders`, HELM, () => {
  const made = render('production', '--set', 'vault.kms.address=https://kms.example:8200', '--set', 'networkPolicy.kms.to[0].ipBlock.cidr=192.0.2.10/32');
  if (made.ok) writeFileSync(renderOf(VARIANT), made.stdout);
  return whole(made);
});
check('strict against the three newest Kubernetes minors, offline, and CRDs; pods restricted', existsSync(HELM) ? PYTHON : HELM, () => {
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
for (const file of ['docker-compose.yml', 'deploy/compose/distributed.yml', 'deploy/compose/observability.yml']) {
  check(`${file}: compose schema`, '.tools/python/bin/check-jsonschema', () => whole(run('.tools/python/bin/check-jsonschema', ['--builtin-schema', 'vendor.compose-spec', file])));
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
