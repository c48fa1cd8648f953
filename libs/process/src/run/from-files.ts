import { readFileSync } from 'node:fs';
import type { ConfigProblem, Environment } from '../environment.js';

const FILE = '_FILE';

/** `NAME_FILE` names a file that holds the value of `NAME`, as orchestrators mount secrets. Both at once, or a file that cannot be read, is a problem. */
export const withFiles = (env: Environment, names: readonly string[]): { readonly env: Environment; readonly problems: readonly ConfigProblem[] } => {
  const found: Record<string, string | undefined> = { ...env };
  const problems: ConfigProblem[] = [];
  for (const name of names) {
    const file = env[name + FILE];
    if (file === undefined) continue;
    if (env[name] !== undefined) {
      problems.push({ variable: name + FILE, zh: `与 ${name} 只能给出一个`, en: `only one of it and ${name} may be given` });
      continue;
    }
    try {
      found[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      const code = String((error as NodeJS.ErrnoException).code);
      problems.push({ variable: name + FILE, zh: `无法读取该文件（${code}）`, en: `the file cannot be read (${code})` });
    }
  }
  return { env: found, problems };
};
