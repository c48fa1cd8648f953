import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Namespace } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';
import { type Compared, compareViews } from './compare-views.js';

/** Compiled, this file lies in `dist/audit` and the command line beside `dist`; as a source in a test there is none to start. */
const COMPILED = path.basename(path.dirname(__dirname)) === 'dist';
const BIN = COMPILED ? path.resolve(__dirname, '../../bin/vouchsafe.js') : undefined;

/**
 * The same as `compareViews`, in a process of its own where it can be: it is long work for one thread, and others have work too.
 * `bin` is the command line to start; without one the work is done here.
 */
export const compareViewsApart = (data: string, namespace: Namespace, bin: string | undefined = BIN): Promise<readonly Compared[]> =>
  bin === undefined ? compareViews(data, namespace) : apart(bin, ['--json', 'audit', 'rebuild', '--compare', '--data', data, '--namespace', namespace]);

const apart = (bin: string, args: readonly string[]): Promise<readonly Compared[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    child.once('error', reject);
    child.once('close', (code) => {
      try {
        resolve((JSON.parse(stdout) as { readonly collections: readonly Compared[] }).collections);
      } catch {
        reject(new CommandFailure(EXIT.data, `视图无法比对（${code}）：${stderr.trim()}`, `the views could not be compared (${code}): ${stderr.trim()}`));
      }
    });
  });
