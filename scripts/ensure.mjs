// Brings a checkout to where it can run: packages, generated contracts, compiled code. Runs on any Node >= 20 and says
// which step it takes and how long it took. Nothing is done twice: each step has a stamp of what it was made from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
process.chdir(root);
const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`需要 Node 20 或更新版本，当前为 ${process.versions.node} / Node 20 or newer is needed, this is ${process.versions.node}`);
  process.exit(2);
}

const digest = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
};
const walk = (folder, wanted) =>
  readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    if (['node_modules', 'dist', 'gen'].includes(name)) return [];
    return statSync(file).isDirectory() ? walk(file, wanted) : wanted.test(name) ? [file] : [];
  }).sort();
const stampFile = (name) => path.join('node_modules', '.vouchsafe', name);
const fresh = (name, value) => existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === value;
const stamp = (name, value) => {
  mkdirSync(path.dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), value);
};
const step = (zh, en, name, value, command, args) => {
  if (fresh(name, value)) return;
  process.stderr.write(`» ${zh} / ${en} …\n`);
  const from = process.hrtime.bigint();
  const env = { ...process.env, PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`, NX_DAEMON: 'false' };
  const { status, error, stdout, stderr } = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error || status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}\n✘ ${zh}失败 / ${en} failed\n`);
    process.exit(1);
  }
  process.stderr.write(`  ${(Number(process.hrtime.bigint() - from) / 1e9).toFixed(1)} s\n`);
  stamp(name, value);
};

const node = path.join(root, 'node_modules', 'node', 'bin', 'node');
step('安装依赖', 'installing packages', 'packages', digest(['package-lock.json']), 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
step('生成接口代码', 'generating contracts', 'proto', digest([...walk('proto', /\.(proto|json)$/), 'buf.gen.yaml', 'libs/proto/describe.mjs']), 'npm', ['run', '--silent', 'proto']);
const sources = [...walk('libs', /\.(ts|json)$/), ...walk('services', /\.(ts|json)$/), ...walk('proto', /\.(proto|json)$/), 'tsconfig.base.json'];
step('编译', 'compiling', 'dist', digest(sources), existsSync(node) ? node : 'node', ['node_modules/typescript7/bin/tsc', '-b']);
