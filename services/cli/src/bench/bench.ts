import { writeFileSync } from 'node:fs';
import type { Speech } from '../speech.js';
import { EXIT } from '../speech.js';
import { measureImports } from './imports.js';
import { measureOrders } from './orders.js';
import { asJson, type Figure, met, table } from './report.js';
import { measureStore } from './store.js';

export type BenchOptions = { readonly only?: string; readonly json?: string; readonly seconds: number; readonly rounds: number; readonly present: number };

type Measurement = { readonly ids: readonly string[]; readonly run: (options: BenchOptions) => Promise<readonly Figure[]> };
const MEASUREMENTS: readonly Measurement[] = [
  { ids: ['P1', 'P10'], run: ({ seconds, rounds }) => measureOrders({ seconds, rounds }) },
  { ids: ['P5'], run: async ({ seconds, rounds }) => [await measureStore(Math.min(seconds, 3), rounds)] },
  { ids: ['P9', 'P13'], run: ({ rounds, present }) => measureImports({ codes: 50_000, present, rounds }) },
];

/** Measures, each figure beside its reference of the same run, and says which goals are met. Exit 1 where one is not. */
export const bench = async (speech: Speech, options: BenchOptions): Promise<number> => {
  const wanted = options.only?.split(',');
  const figures: Figure[] = [];
  for (const { ids, run } of MEASUREMENTS) {
    if (wanted && !ids.some((id) => wanted.includes(id))) continue;
    speech.note(`… ${ids.join(', ')}`);
    figures.push(...(await run(options)));
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(asJson(figures), null, 2)}\n`);
  speech.result(asJson(figures), () => table(figures));
  return figures.every(met) ? EXIT.ok : EXIT.refused;
};
