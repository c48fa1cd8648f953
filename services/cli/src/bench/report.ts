import { machine } from './machine.js';
import { versions } from './versions.js';

/** One figure: what was reached, beside its reference of the same run. */
export type Figure = {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly reference?: { readonly what: string; readonly value: number };
  /** value ÷ reference (median of interleaved rounds), or the value itself where the goal is absolute. */
  readonly ratio: number;
  readonly goal: number;
  /** Whether small is good. */
  readonly atMost?: boolean;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly rssBytes?: number;
  readonly note?: string;
  /** A condition under which the figure counts, and that did not hold. */
  readonly broken?: string;
};

export const met = ({ ratio, goal, atMost, broken }: Figure): boolean => broken === undefined && (atMost ? ratio <= goal : ratio >= goal);
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const rounded = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

/** The table for people. */
export const table = (figures: readonly Figure[]): readonly string[] =>
  figures.map((figure) => {
    const reference = figure.reference ? ` / ${figure.reference.what} ${rounded(figure.reference.value)}` : '';
    const quantiles = figure.p99Ms === undefined ? '' : `  p50 ${rounded(figure.p50Ms ?? 0)} ms p99 ${rounded(figure.p99Ms)} ms`;
    const memory = figure.rssBytes === undefined ? '' : `  ${Math.round(figure.rssBytes / 2 ** 20)} MiB`;
    const said = [figure.broken && `COUNTS FOR NOTHING: ${figure.broken}`, figure.note].filter(Boolean).map((text) => `  ${text}`).join('');
    return `${met(figure) ? '✔' : '✘'} ${figure.id.padEnd(4)}${figure.what.padEnd(46)} ${rounded(figure.value)} ${figure.unit}${reference} = ${figure.ratio.toPrecision(3)} (${figure.atMost ? '≤' : '≥'} ${figure.goal})${quantiles}${memory}${said}`;
  });

/** What the file holds: the machine, the versions, a result per figure. */
export const asJson = (figures: readonly Figure[]): object => ({ machine: machine(), versions: versions(), results: figures.map((figure) => ({ ...figure, met: met(figure) })) });
