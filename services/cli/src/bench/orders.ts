import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { OrderSchema, OrderState, PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import type { Ready } from '../drive/server.js';
import { type Echo, echoRate } from './echo.js';
import { LagWatch } from './lag.js';
import { type LoadResult, runLoad } from './load.js';
import { residentBytes } from './machine.js';
import { cpuSeconds } from './rate.js';
import { type Figure, median } from './report.js';

export type OrdersPlan = { readonly ready: Ready; readonly echo: Echo; readonly seconds: number; readonly rounds: number };

const GOAL = 0.1;
/** The compiler is not done with the hot paths before. */
const WARM_SECONDS = 20;
const ORDERS_MAX_PER_SECOND = 8_000;
const BUYERS = 200_000;

/** Codes that no run of this plan can use up. */
export const ordersAtMost = ({ seconds, rounds }: Pick<OrdersPlan, 'seconds' | 'rounds'>): number => (seconds * rounds + WARM_SECONDS) * ORDERS_MAX_PER_SECOND;

/** The `n`th order: one unit, prepaid, answered when it has ended. */
export const orderRequest = (n: number): Uint8Array =>
  toBinary(PlaceOrderRequestSchema, create(PlaceOrderRequestSchema, { number: `B-${n}`, lines: [{ productId: 'prd_video-month', quantity: 1 }], buyer: { ref: `buyer-${n % BUYERS}` }, waitMs: 10_000 }));
/** Undefined for an order that was delivered; else what became of it. */
export const orderWrong = (answer: Buffer): string | undefined => {
  const { state, reason } = fromBinary(OrderSchema, answer);
  return state === OrderState.COMPLETED ? undefined : `${OrderState[state]} ${reason?.code ?? ''}`;
};

/** P1: durable orders per second over gRPC unary, the whole platform, beside an echo of the same run; its views must not fall behind. */
export const ordersFigure = async ({ ready, echo, seconds, rounds }: OrdersPlan): Promise<Figure> => {
  let next = 0;
  const place = (span: number): Promise<LoadResult> => runLoad({
    target: ready.grpc, path: '/vouchsafe.order.v1.OrderService/PlaceOrder', key: ready.keys.VOUCHSAFE_KEY_DIST ?? '', sessions: 4, inFlight: 64, seconds: span, request: () => orderRequest(next++), wrong: orderWrong,
  });
  await place(WARM_SECONDS);
  const watch = new LagWatch(ready.http);
  const [ratios, echoes]: [number[], number[]] = [[], []];
  const runs: LoadResult[] = [];
  const cpuBefore = cpuSeconds(ready.pid);
  let by = '';
  for (let round = 0; round < rounds; round++) {
    const reference = await echoRate(echo, orderRequest(0).length, Math.min(3, seconds));
    const run = await watch.during(() => place(seconds));
    by = reference.by;
    runs.push(run);
    ratios.push(run.perSecond / reference.perSecond);
    echoes.push(reference.perSecond);
  }
  const calls = runs.reduce((sum, run) => sum + run.calls, 0);
  const micros = Math.round(((cpuSeconds(ready.pid) - cpuBefore) / calls) * 1e6);
  const broken = failuresOf(runs) ?? watch.growing;
  return {
    id: 'P1', what: 'durable orders/s, gRPC unary, whole platform ÷ echo', value: median(runs.map(({ perSecond }) => perSecond)), unit: '/s', reference: { what: `echo by ${by}`, value: median(echoes) }, ratio: median(ratios), goal: GOAL,
    p50Ms: median(runs.map(({ p50Ms }) => p50Ms)), p99Ms: median(runs.map(({ p99Ms }) => p99Ms)), rssBytes: residentBytes(ready.pid),
    note: `${micros} µs of server CPU an order, all threads; ${watch.note}; load from our own generator, ${rounds} × ${seconds} s`, ...(broken && { broken }),
  };
};

/** What the server refused or answered otherwise than it should, if it did. */
export const failuresOf = (runs: readonly LoadResult[]): string | undefined => {
  const failed = runs.filter((run) => run.failed > 0);
  return failed.length === 0 ? undefined : failed.map((run) => `${run.failed} calls failed: ${JSON.stringify(run.statuses)}`).join('; ');
};
