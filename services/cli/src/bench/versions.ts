import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../../..');

/** Node's version and that of each of our packages. */
export const versions = (): { readonly node: string; readonly packages: Readonly<Record<string, string>> } => {
  const packages: Record<string, string> = {};
  for (const folder of ['libs', 'services']) {
    for (const name of readdirSync(path.join(ROOT, folder)).sort()) {
      const file = path.join(ROOT, folder, name, 'package.json');
      if (!existsSync(file)) continue; // what a build left of a package that is gone
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { readonly name: string; readonly version: string };
      packages[manifest.name] = manifest.version;
    }
  }
  return { node: process.version, packages };
};
