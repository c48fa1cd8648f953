import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadResult, runLoad } from '../load.js';
import { orderRequest, orderWrong } from '../orders.js';
import type { Form } from './forms.js';
import { type OpenResult, runOpenLoad } from './open-load.js';
import { type CpuBill, withCpu } from './processes.js';
import { lagIn, type ViewLag, withLag } from './view-lag.js';

/** Orders offered at a rate, whatever becomes of those before. */
export type RatePhase = OpenResult & { readonly cpu: CpuBill; readonly lag: ViewLag };
/** As many orders as there can be, so many at a time. */
export type FullPhase = LoadResult & { readonly inFlight: number; readonly cpu: CpuBill; readonly lag: ViewLag };
export type FormFigures = { readonly form: Form['name']; readonly warmOrders: number; readonly rates: readonly RatePhase[]; readonly full: FullPhase };

export type PhasesPlan = { readonly seconds: number; readonly warmSeconds: number; readonly rates: readonly number[] };

const SESSIONS = 4;
const IN_FLIGHT = 64;
const WARM_IN_FLIGHT = 16;
const REST_MS = 30_000;
const LOOK_MS = 250;
/** Views that are younger than this have come to rest. */
const RESTED_MS = 1_000;

const CALL = { path: '/vouchsafe.order.v1.OrderService/PlaceOrder', sessions: SESSIONS, wrong: orderWrong };

/** What a form does: warmed up first, then at each rate, then as fast as it can. */
export const measureForm = async (form: Form, { seconds, warmSeconds, rates }: PhasesPlan, note: (line: string) => void): Promise<FormFigures> => {
  let next = 0;
  const call = { ...CALL, target: form.grpc, key: form.key, request: () => orderRequest(next++) };
  const measured = async <R extends { readonly calls: number; readonly failed: number }>(work: () => Promise<R>): Promise<R & { readonly cpu: CpuBill; readonly lag: ViewLag }> => {
    const { result: { result, cpu }, lag } = await withLag(form.metrics, () => withCpu(form.processes, work));
    await rested(form);
    return { ...result, cpu, lag };
  };
  const { calls: warmOrders } = await runLoad({ ...call, inFlight: WARM_IN_FLIGHT, seconds: warmSeconds });
  await rested(form);
  const phases: RatePhase[] = [];
  for (const perSecond of rates) {
    const phase = await measured(() => runOpenLoad({ ...call, perSecond, seconds }));
    note(`  ${form.name} ${perSecond}/s: p50 ${phase.p50Ms.toFixed(1)} ms, p99 ${phase.p99Ms.toFixed(1)} ms`);
    phases.push(phase);
  }
  const full = await measured(() => runLoad({ ...call, inFlight: IN_FLIGHT, seconds }));
  note(`  ${form.name} ${IN_FLIGHT} at a time: ${full.perSecond.toFixed(1)}/s`);
  return { form: form.name, warmOrders, rates: phases, full: { ...full, inFlight: IN_FLIGHT } };
};

/** Orders most a plan can use up, generously. */
export const ordersOf = ({ seconds, warmSeconds, rates }: PhasesPlan, fastest: number): number =>
  Math.ceil(warmSeconds * fastest + rates.reduce((sum, rate) => sum + rate, 0) * seconds + seconds * fastest);

/** What one phase left behind is not the next one's to bear: waits, bounded, until the views have caught up. */
const rested = async ({ metrics }: Form): Promise<void> => {
  const until = Date.now() + REST_MS;
  for (let quiet = 0; quiet < 2 && Date.now() < until; await sleep(LOOK_MS)) {
    const texts = await Promise.all(metrics.map((read) => read()));
    quiet = Math.max(...texts.map(lagIn)) < RESTED_MS ? quiet + 1 : 0;
  }
};
