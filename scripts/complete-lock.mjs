// Adds lock entries for optional packages of other platforms that the registry at hand did not serve when the lock was made:
// without them `npm ci` refuses the lock. Run it after `npm install` changed the lock.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS = ['android', 'darwin', 'freebsd', 'openharmony', 'win32', 'linux', 'sunos', 'openbsd', 'netbsd', 'aix'];
const CPUS = ['arm64', 'x64', 'ia32', 'riscv64', 'ppc64', 's390x', 'loong64', 'mips64el', 'armv7', 'arm', 'wasm32'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const packages = lock.packages;

/** Whether `name` can be resolved from the package at `from`, as Node would. */
const resolves = (from, name) => {
  for (let folder = from; ; ) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (!folder) return false;
    const up = folder.lastIndexOf('/node_modules/');
    folder = up < 0 ? '' : folder.slice(0, up);
  }
};
const libcOf = (name, os) => (/musl/.test(name) ? { libc: ['musl'] } : /gnu/.test(name) && os === 'linux' ? { libc: ['glibc'] } : {});

let added = 0;
for (const [path, entry] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const os = SYSTEMS.find((system) => name.includes(system));
    if (!os || resolves(path, name)) continue;
    const cpu = CPUS.find((candidate) => name.includes(candidate));
    packages[`node_modules/${name}`] = {
      version: range.replace(/^[~^]/, ''), ...(cpu && { cpu: [cpu === 'armv7' ? 'arm' : cpu] }), ...(entry.dev && { dev: true }), ...libcOf(name, os), optional: true, os: [os],
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
