// `make rules-check`: alerts, their tests, their runbooks, dashboards. Everything but promtool's part needs no tool.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
process.chdir(root);
const HERE = 'deploy/observability';
const PROMTOOL = path.resolve('.tools/bin/promtool');
const total = { passed: 0, failed: 0, skipped: 0 };
const check = (name, needsPromtool, work) => {
  if (needsPromtool && !existsSync(PROMTOOL)) {
    const required = process.env.VOUCHSAFE_REQUIRE_TOOLS === '1';
    total[required ? 'failed' : 'skipped']++;
    console.log(`${required ? '✘' : '–'} ${name}: skipped, promtool is not there (deploy/check/tools.sh says why)`);
    return;
  }
  const wrong = work();
  total[wrong.length === 0 ? 'passed' : 'failed']++;
  console.log(wrong.length === 0 ? `✔ ${name}` : `✘ ${name}\n${wrong.map((line) => `  ${line}`).join('\n')}`);
};
const promtool = (args, cwd = root) => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { cwd, encoding: 'utf8' });
  return status === 0 ? [] : [`${stdout}${stderr}`.trimEnd()];
};

const alertsText = readFileSync(`${HERE}/alerts.yaml`, 'utf8');
const alerts = [...alertsText.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
const boards = readdirSync(`${HERE}/dashboards`).map((name) => [name, JSON.parse(readFileSync(`${HERE}/dashboards/${name}`, 'utf8'))]);
const queriesOf = ({ panels }) => panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr]));

// Names as they stand in code: of libs and services, but tests.
const sources = ['libs', 'services'].flatMap((group) => readdirSync(group).flatMap((name) => {
  const src = path.join(group, name, 'src');
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true }).filter((file) => /\.ts$/.test(file) && !/\.spec\.ts$|testing\b/.test(file)).map((file) => path.join(src, file));
}));
const code = sources.map((file) => readFileSync(file, 'utf8')).filter((text) => /etrics|igures/.test(text)).join('\n');
const exists = (name) => new RegExp(`['\"]?\\b${name.replace(/_(bucket|sum|count)$/, '')}\\b['\"]?[,:]`).test(code);
const named = (text) => [...new Set([...text.matchAll(/\b((?:vouchsafe|process|nodejs)_[a-z_]+)\b/g)].map(([, name]) => name))].filter((name) => name !== 'process_');

check('alerts: each figure exists in the code', false, () => named(alertsText).filter((name) => !exists(name)).map((name) => `no such figure: ${name}`));
check('alerts: each has a runbook in both languages, and no runbook is without an alert', false, () => [
  ...alerts.flatMap((name) => {
    const file = `docs/runbooks/${name}.md`;
    if (!alertsText.includes(`runbook: ${file}`)) return [`${name} does not name ${file}`];
    if (!existsSync(file)) return [`there is no ${file}`];
    const page = readFileSync(file, 'utf8');
    return page.includes('## 中文') && page.includes('## English') ? [] : [`${file} lacks a language`];
  }),
  ...readdirSync('docs/runbooks').map((file) => file.replace(/\.md$/, '')).filter((name) => name !== 'README' && !alerts.includes(name)).map((name) => `docs/runbooks/${name}.md has no alert`),
]);
check('alerts: each is tested, firing and not firing', false, () => {
  const tests = readFileSync(`${HERE}/tests/alerts.test.yaml`, 'utf8');
  return alerts.filter((name) => !new RegExp(`alertname: ${name}\\s+exp_alerts:\\s+- exp_labels`).test(tests)).map((name) => `${name} is not tested to fire`);
});
check('alerts: promtool check rules', true, () => promtool(['check', 'rules', `${HERE}/alerts.yaml`]));
check('alerts: promtool test rules', true, () => promtool(['test', 'rules', 'alerts.test.yaml'], `${HERE}/tests`));
check('dashboards: as dashboards.mjs writes them', false, () => {
  const { status, stderr } = spawnSync('node', [`${HERE}/dashboards.mjs`, '--check'], { encoding: 'utf8' });
  return status === 0 ? [] : [stderr.trim()];
});
check('dashboards: ids, places and data sources', false, () => boards.flatMap(([name, { uid, title, panels }]) => [
  ...(uid && title ? [] : [`${name}: no uid or title`]),
  ...(new Set(panels.map(({ id }) => id)).size === panels.length ? [] : [`${name}: an id twice`]),
  ...panels.flatMap(({ title: of, type, gridPos: { x, w }, datasource, targets }) => [
    ...(x + w <= 24 ? [] : [`${name}: ${of} lies beyond the grid`]),
    ...(type === 'text' || (datasource?.uid === '${datasource}' && targets.length > 0) ? [] : [`${name}: ${of} has no data source or no query`]),
  ]),
]));
check('dashboards: each figure exists in the code, each method in the contract', false, () => {
  const contract = readdirSync('proto/vouchsafe', { recursive: true }).filter((file) => file.endsWith('.proto')).map((file) => readFileSync(path.join('proto/vouchsafe', file), 'utf8')).join('\n');
  return boards.flatMap(([name, board]) => queriesOf(board).flatMap(([title, expr]) => [
    ...named(expr).filter((figure) => !exists(figure)).map((figure) => `${name}: ${title}: no such figure: ${figure}`),
    ...[...expr.matchAll(/vouchsafe\.\w+\.v1\.(\w+)\/(\w+)/g)].filter(([, service, method]) => !contract.includes(`service ${service} {`) || !contract.includes(`rpc ${method}(`))
      .map(([method]) => `${name}: ${title}: no such method: ${method}`),
  ]));
});
check('dashboards: each query is PromQL', true, () => {
  const rules = boards.flatMap(([name, board]) => queriesOf(board).map(([title, expr], i) => ({ record: `dashboard:${name.replace(/\W/g, '_')}:${i}`, expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$service', 'order'), title })));
  mkdirSync('.tools', { recursive: true });
  // JSON is YAML.
  writeFileSync('.tools/dashboard-rules.yaml', JSON.stringify({ groups: [{ name: 'dashboards', rules: rules.map(({ record, expr }) => ({ record, expr })) }] }));
  return promtool(['check', 'rules', '--lint=none', '.tools/dashboard-rules.yaml']);
});
check('Prometheus: promtool check config', true, () => promtool(['check', 'config', '--syntax-only', `${HERE}/prometheus.yml`]));

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
