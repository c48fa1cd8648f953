import { writeFileSync } from 'node:fs';
import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { measuredApart } from './apart.js';
import { measureFlushes } from './flushes.js';
import { measureHistory } from './history.js';
import { measureImports } from './imports.js';
import type { BenchOptions, Measurement } from './plan.js';
import { asJson, type Figure, met, table } from './report.js';
import { measureServed } from './served.js';
import { measureStore } from './store.js';
import { measureVerdicts } from './verdicts.js';

const CODES = 50_000;
const STORE_SECONDS = 2;
const MEASUREMENTS: readonly Measurement[] = [
  { ids: ['P1', 'P10'], run: ({ seconds, rounds }, wanted) => measureServed({ wanted, seconds, rounds }) },
  { ids: ['P4'], run: async ({ rounds }) => [await measureFlushes(rounds)] },
  { ids: ['P5'], run: async ({ seconds, rounds }) => [await measureStore(Math.min(seconds, STORE_SECONDS), rounds)] },
  { ids: ['P7', 'P12', 'P14'], run: ({ rounds, many }, wanted) => measureHistory({ wanted, rounds, many }) },
  { ids: ['P11'], run: async ({ rounds }) => [await measureVerdicts(rounds)] },
  { ids: ['P9', 'P13'], run: ({ rounds, present }) => measureImports({ codes: CODES, present, rounds }) },
];
const order = ({ id }: Figure): number => Number(id.slice(1));

/** Measures, each figure beside its reference of the same run, and says which goals are met. Exit 1 where one is not. */
export const bench = async (speech: Speech, options: BenchOptions, measurements = MEASUREMENTS): Promise<number> => {
  const ids = measurements.flatMap((measurement) => measurement.ids);
  const only = options.only?.split(',') ?? ids;
  const unknown = only.filter((id) => !ids.includes(id));
  if (unknown.length > 0) throw new CommandFailure(EXIT.usage, `没有 ${unknown.join(', ')}；可选 ${ids.join(', ')}`, `there is no ${unknown.join(', ')}; there are ${ids.join(', ')}`);
  const wanted = (id: string): boolean => only.includes(id);
  const figures: Figure[] = [];
  const asked = measurements.filter((measurement) => measurement.ids.some(wanted));
  const apart = asked.length > 1 && measurements === MEASUREMENTS;
  for (const measurement of asked) {
    const mine = measurement.ids.filter(wanted);
    speech.note(`… ${mine.join(', ')}`);
    figures.push(...(apart ? await measuredApart(mine, options) : (await measurement.run(options, wanted)).filter(({ id }) => wanted(id))));
  }
  figures.sort((a, b) => order(a) - order(b));
  if (options.file === undefined) speech.result(asJson(figures), () => table(figures));
  else {
    writeFileSync(options.file, `${JSON.stringify(asJson(figures), null, 2)}\n`);
    for (const line of table(figures)) speech.say(line);
  }
  return figures.every(met) ? EXIT.ok : EXIT.refused;
};
