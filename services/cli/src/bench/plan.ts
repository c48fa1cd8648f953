import type { Figure } from './report.js';

/** What of the bench a caller may choose. */
export type BenchOptions = {
  /** Ids, separated by commas; all if absent. */
  readonly only?: string;
  /** Where the results are written as JSON. */
  readonly file?: string;
  /** Of a round of P1. */
  readonly seconds: number;
  readonly rounds: number;
  /** Codes present at the second import of P9. */
  readonly present: number;
  /** Orders behind the shop of P12 and P14. */
  readonly many: number;
};
/** Figures that are measured together. */
export type Measurement = { readonly ids: readonly string[]; readonly run: (options: BenchOptions, wanted: (id: string) => boolean) => Promise<readonly Figure[]> };
