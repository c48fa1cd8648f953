// What the image runs: `service <name>` is one service as a process of its own, anything else is the command line.
// The process itself is the service: signals reach it, no shell stands between.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const app = path.resolve(import.meta.dirname, '../..');
const EXIT_CONFIG = 78;

const mainOf = (name) => path.join(app, 'services', name, 'dist', 'main.js');
const [first, name, ...rest] = process.argv.slice(2);

if (first !== 'service') {
  process.argv[1] = path.join(app, 'services/cli/bin/vouchsafe.js');
  await import(pathToFileURL(process.argv[1]));
} else {
  const known = readdirSync(path.join(app, 'services')).filter((each) => each !== 'cli' && existsSync(mainOf(each)));
  if (name === undefined || !known.includes(name)) {
    console.error(`本镜像没有服务 ${name ?? '（未给出）'}；有：${known.join(', ') || '（尚无）'} / this image has no service ${name ?? '(none given)'}; it has: ${known.join(', ') || '(none yet)'}`);
    process.exit(EXIT_CONFIG);
  }
  process.argv = [process.argv[0], mainOf(name), ...rest];
  await import(pathToFileURL(mainOf(name)));
}
