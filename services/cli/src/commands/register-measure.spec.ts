import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { bench } from '../bench/bench.js';
import type { BenchOptions, Measurement } from '../bench/plan.js';
import { CommandFailure, createSpeech, EXIT } from '../speech.js';
import { registerMeasure } from './register-measure.js';

const FIGURE = { id: 'P1', what: 'orders', value: 20, unit: '/s', reference: { what: 'echo', value: 100 }, ratio: 0.2, goal: 0.1, p50Ms: 1, p99Ms: 2, rssBytes: 1 << 20 };
const SLOW = { id: 'P5', what: 'events', value: 10, unit: '/s', ratio: 0.1, goal: 0.25 };
const BROKEN = { id: 'P10', what: 'redemptions', value: 90, unit: '/s', ratio: 0.9, goal: 0.15, broken: '3 calls failed' };

let folder: string;
let ran: (BenchOptions & { readonly wanted: string })[];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-measure-'));
  ran = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const measurements: readonly Measurement[] = [
  { ids: ['P10', 'P1'], run: async (options, wanted) => {
    ran.push({ ...options, wanted: ['P10', 'P1'].filter(wanted).join() });
    return [BROKEN, FIGURE];
  } },
  { ids: ['P5'], run: async () => [SLOW] },
];

/** The command line with these measurements instead of the long ones: what it prints, and its exit code. */
const run = async (...args: readonly string[]): Promise<{ readonly out: string; readonly code: number }> => {
  let [out, code] = ['', -1];
  const program = new Command('vouchsafe').option('--json').exitOverride().configureOutput({ writeErr: () => {} });
  const speech = () => createSpeech('en', program.opts<{ json?: boolean }>().json === true, { out: (text) => { out += text; }, err: () => {} });
  registerMeasure(program, { speech, env: {}, cwd: folder, exit: (value) => { code = value; } }, (_zh, en) => en, (said, options) => bench(said, options, measurements));
  await program.parseAsync(['node', 'vouchsafe', ...args]);
  return { out, code };
};

describe('the bench', () => {
  it('writes a file of results where --json names one, with the table on the screen', async () => {
    const file = path.join(folder, 'x.json');
    const { out, code } = await run('bench', '--json', file, '--only', 'P1');
    const written = JSON.parse(readFileSync(file, 'utf8')) as { machine: Record<string, unknown>; versions: { node: string; packages: Record<string, string> }; results: unknown[] };
    expect(written.results).toEqual([{ ...FIGURE, met: true }]);
    expect(written.machine).toMatchObject({ node: process.version, cores: expect.any(Number) });
    expect(written.versions.node).toBe(process.version);
    expect(written.versions.packages['@vouchsafe/event-store']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(out).toMatch(/^✔ P1 .*20.* \/ echo 100 = 0\.200 \(≥ 0\.1\) {2}p50 1\.00 ms p99 2\.00 ms {2}1 MiB\n$/);
    expect(code).toBe(EXIT.ok);
  });

  it('prints them as JSON where --json names none, before or after the command', async () => {
    for (const args of [['--json', 'bench'], ['bench', '--json']]) {
      const { results } = JSON.parse((await run(...args)).out) as { results: { id: string; met: boolean }[] };
      expect(results.map(({ id, met }) => [id, met])).toEqual([['P1', true], ['P5', false], ['P10', false]]);
    }
  });

  it('prints the table without --json; a goal that is missed, or a condition, is an exit code', async () => {
    const { out, code } = await run('bench');
    expect(out.split('\n').map((line) => line.slice(0, 5).trim())).toEqual(['✔ P1', '✘ P5', '✘ P10', '']);
    expect(out).toContain('COUNTS FOR NOTHING: 3 calls failed');
    expect(code).toBe(EXIT.refused);
  });

  it('measures what is asked for only', async () => {
    await run('bench', '--only', 'P1', '--many', '30000');
    expect(ran).toMatchObject([{ wanted: 'P1', many: 30_000, rounds: 3 }]);
  });

  it('refuses a file without --json, figures there are not, and too few or too many orders', async () => {
    await expect(run('bench', 'x.json')).rejects.toMatchObject({ exit: EXIT.usage });
    await expect(run('bench', '--only', 'P3')).rejects.toThrow(CommandFailure);
    for (const many of ['100', '1e9', 'x']) await expect(run('bench', '--many', many)).rejects.toThrow(CommanderError);
    expect(ran).toEqual([]);
  });
});
