// Takes out of a built checkout what only building and testing need: sources, tests, caches. Run by the Dockerfile's first stage,
// never in a working copy (it refuses where there is a .git).
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const app = path.resolve(import.meta.dirname, '../..');
if (existsSync(path.join(app, '.git'))) throw new Error('this is a working copy: nothing is taken out of it');

const remove = (...parts) => rmSync(path.join(app, ...parts), { recursive: true, force: true });
for (const name of ['.cache', '.ci', '.nx', '.tools', '.vouchsafe', 'docs', 'test', 'scripts', 'deploy/check', 'deploy/helm', 'deploy/observability']) remove(name);
for (const group of ['libs', 'services']) {
  for (const name of readdirSync(path.join(app, group))) {
    // What is read at run time stays: pages and lists lie beside compiled code or in folders of their own.
    remove(group, name, 'tsconfig.json');
    remove(group, name, 'bench');
    const dist = path.join(app, group, name, 'dist');
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true })) {
      if (/\.(spec|e2e|contract)\.|\.d\.ts$|\.map$/.test(file)) remove(group, name, 'dist', file);
    }
  }
}
