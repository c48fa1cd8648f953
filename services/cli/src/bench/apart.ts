import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BenchOptions } from './plan.js';
import type { Figure } from './report.js';

/** Compiled, this file lies in `dist/bench` and the command line beside `dist`. */
const BIN = path.resolve(__dirname, '../../bin/vouchsafe.js');

/** Measures `ids` in a process of its own: what one measurement leaves in memory, and teaches the compiler, is nothing to the next. */
export const measuredApart = async (ids: readonly string[], { seconds, rounds, present, many }: BenchOptions): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-measured-'));
  const file = path.join(folder, 'results.json');
  const numbers = Object.entries({ seconds, rounds, present, many }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    await ended([BIN, 'bench', '--json', file, '--only', ids.join(','), ...numbers]);
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly results: readonly Figure[] }).results;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Settles when it has ended with results; a goal that was missed is one. */
const ended = (args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-4_000); });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 || code === 1 ? resolve() : reject(new Error(`a measurement failed (${code}): ${stderr}`))));
  });
