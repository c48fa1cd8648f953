import { machine } from '../machine.js';
import { versions } from '../versions.js';
import type { Hop } from './hops.js';
import type { FormFigures, FullPhase, RatePhase } from './phases.js';

/** What a whole run has measured. */
export type DistributedReport = {
  /** What stood behind each port of the distributed form. */
  readonly behind: readonly string[];
  readonly forms: readonly FormFigures[];
  readonly hops: readonly Hop[];
  /** Load of the machine when it began, by whoever else: figures of a busy machine say little. */
  readonly loadBefore: number;
};
/** One goal and whether it is reached; `value` is undefined where the rate was not measured. */
export type Goal = { readonly what: string; readonly value: number | undefined; readonly goal: number; readonly atMost: boolean; readonly met: boolean };

const AT = 75;
const P50_MS = 60;
const P99_MS = 300;
const FULL_PER_SECOND = 150;

export const goalsOf = ({ forms }: DistributedReport): readonly Goal[] => {
  const apart = forms.find(({ form }) => form === 'distributed');
  const at = apart?.rates.find(({ offeredPerSecond }) => offeredPerSecond === AT);
  const failed = at !== undefined && at.failed > 0;
  const most = (what: string, value: number | undefined, goal: number): Goal => ({ what, value, goal, atMost: true, met: value !== undefined && !failed && value <= goal });
  const full = apart?.full.perSecond;
  return [
    most(`p50 at ${AT}/s, ms`, at?.p50Ms, P50_MS), most(`p99 at ${AT}/s, ms`, at?.p99Ms, P99_MS),
    { what: 'orders/s at saturation', value: full, goal: FULL_PER_SECOND, atMost: false, met: full !== undefined && full >= FULL_PER_SECOND },
  ];
};

const ms = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));
const cells = (...texts: readonly string[]): string => texts.map((text, i) => (i === 0 ? text.padEnd(31) : text.padStart(12))).join('');

const rateLine = (form: string, phase: RatePhase): string =>
  cells(`${form} at ${phase.offeredPerSecond}/s`, phase.donePerSecond.toFixed(1), ms(phase.p50Ms), ms(phase.p90Ms), ms(phase.p99Ms), String(phase.failed), ms(phase.cpu.total), phase.cpu.cores.toFixed(2), `${ms(phase.lag.p50Ms)}/${ms(phase.lag.maxMs)}`);
const fullLine = (form: string, phase: FullPhase): string =>
  cells(`${form}, ${phase.inFlight} at a time`, phase.perSecond.toFixed(1), ms(phase.p50Ms), '', ms(phase.p99Ms), String(phase.failed), ms(phase.cpu.total), phase.cpu.cores.toFixed(2), `${ms(phase.lag.p50Ms)}/${ms(phase.lag.maxMs)}`);
const billOf = ({ form, full, rates }: FormFigures): string => {
  const { each } = (rates.find(({ offeredPerSecond }) => offeredPerSecond === AT) ?? full).cpu;
  return `  ${form}: ${Object.entries(each).toSorted(([, a], [, b]) => b - a).map(([name, cpu]) => `${name} ${cpu.toFixed(2)}`).join('  ')}`;
};
/** What calls were refused with, where any was. */
const refusals = ({ form, rates, full }: FormFigures): readonly string[] =>
  [...rates.map((phase) => [`${phase.offeredPerSecond}/s`, phase.statuses] as const), [`${full.inFlight} at a time`, full.statuses] as const]
    .filter(([, statuses]) => Object.keys(statuses).length > 0).map(([when, statuses]) => `  ${form} ${when}: ${JSON.stringify(statuses)}`);

/** The tables for people. */
export const tables = (report: DistributedReport): readonly string[] => [
  ...report.behind.map((line) => `  ${line}`), `  load of the machine before: ${report.loadBefore.toFixed(1)} on ${machine().cores} cores`, '',
  cells('orders', 'done/s', 'p50 ms', 'p90', 'p99', 'not done', 'CPU ms', 'cores', 'views ms'),
  ...report.forms.flatMap(({ form, rates, full }) => [...rates.map((phase) => rateLine(form, phase)), fullLine(form, full)]), '',
  'CPU of an order by process, ms:', ...report.forms.map(billOf), '',
  cells('one step, alone', 'p50 ms', 'p99'), ...report.hops.map(({ what, p50Ms, p99Ms }) => cells(what, ms(p50Ms), ms(p99Ms))), '',
  ...report.forms.flatMap(refusals),
  ...goalsOf(report).map(({ what, value, goal, atMost, met }) => `${met ? '✔' : '✘'} ${what}: ${value === undefined ? 'not measured' : ms(value)} (${atMost ? '≤' : '≥'} ${goal})`),
];

/** What the file holds. */
export const reportAsJson = (report: DistributedReport): object => ({ machine: machine(), versions: versions(), ...report, goals: goalsOf(report) });
