import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { OrderSchema, OrderService, OrderState, PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import { RedeemVoucherRequestSchema } from '@vouchsafe/proto/redemption/v1/redemption';
import { allEvents, openLog } from '../audit/open-log.js';
import { Auditor } from '../audit/auditor.js';
import { Connection } from '../client/connection.js';
import { disclose } from '../demo/redeeming.js';
import { furnish } from '../demo/furnish.js';
import { type Ready, Server } from '../drive/server.js';
import { type Echo, echoRate, spawnEcho } from './echo.js';
import { runLoad } from './load.js';
import { residentBytes } from './machine.js';
import { cpuSeconds } from './rate.js';
import { type Figure, median } from './report.js';

export type OrdersPlan = { readonly seconds: number; readonly rounds: number };

const ORDER_GOAL = 0.1;
const REDEEM_GOAL = 0.15;
const ORDERS_MAX_PER_SECOND = 8_000;
const REDEMPTIONS = 3_000;
const CHANNEL = 'VOUCHSAFE_KEY_DIST';

const request = (n: number): Uint8Array =>
  toBinary(PlaceOrderRequestSchema, create(PlaceOrderRequestSchema, { number: `B-${n}`, lines: [{ productId: 'prd_video-month', quantity: 1 }], buyer: { ref: `buyer-${n % 5_000}` }, waitMs: 10_000 }));
const completed = (answer: Buffer): boolean => fromBinary(OrderSchema, answer).state === OrderState.COMPLETED;

/** P1 and P10: durable orders and redemptions per second over gRPC unary, whole platform, each beside an echo of the same run. */
export const measureOrders = async ({ seconds, rounds }: OrdersPlan): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const server = new Server({ folder });
  const echo = await spawnEcho();
  try {
    const ready = await server.start();
    const admin = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_ADMIN_KEY ?? '' }, 600_000);
    await furnish(admin, folder, { months: seconds * (rounds + 1) * ORDERS_MAX_PER_SECOND, seats: 10, coffee: REDEMPTIONS + 100, tens: 10 });
    admin.close();
    const orders = await ordersFigure(ready, echo, { seconds, rounds });
    const redemptions = await redemptionsFigure(ready, echo, seconds);
    await server.stop();
    const wrong = await violationsOf(folder);
    return [orders, redemptions].map((figure) => (wrong.length === 0 ? figure : { ...figure, ratio: 0, note: `counts for nothing: ${wrong[0]}` }));
  } finally {
    echo.stop();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};

const ordersFigure = async (ready: Ready, echo: Echo, { seconds, rounds }: OrdersPlan): Promise<Figure> => {
  let next = 0;
  const place = (span: number) => runLoad({
    target: ready.grpc, path: '/vouchsafe.order.v1.OrderService/PlaceOrder', key: ready.keys[CHANNEL] ?? '', sessions: 4, inFlight: 64, seconds: span, request: () => request(next++), check: completed,
  });
  await place(Math.min(3, seconds)); // warm
  const ratios: number[] = [];
  const [rates, echoes, p50, p99]: [number[], number[], number[], number[]] = [[], [], [], []];
  const cpuBefore = cpuSeconds(ready.pid);
  let calls = 0;
  let by = '';
  for (let round = 0; round < rounds; round++) {
    const reference = await echoRate(echo, request(0).length, Math.min(3, seconds));
    const run = await place(seconds);
    if (run.failed > 0) return { id: 'P1', what: 'orders/s, gRPC unary ÷ echo', value: 0, unit: '/s', ratio: 0, goal: ORDER_GOAL, note: `${run.failed} failed: ${JSON.stringify(run.statuses)}` };
    by = reference.by;
    calls += run.calls;
    ratios.push(run.perSecond / reference.perSecond);
    rates.push(run.perSecond);
    echoes.push(reference.perSecond);
    p50.push(run.p50Ms);
    p99.push(run.p99Ms);
  }
  const micros = Math.round(((cpuSeconds(ready.pid) - cpuBefore) / calls) * 1e6);
  return {
    id: 'P1', what: 'durable orders/s, gRPC unary, whole platform ÷ echo', value: median(rates), unit: '/s', reference: { what: `echo by ${by}`, value: median(echoes) }, ratio: median(ratios), goal: ORDER_GOAL,
    p50Ms: median(p50), p99Ms: median(p99), rssBytes: residentBytes(ready.pid), note: `${micros} µs of server CPU an order, all threads`,
  };
};

const redemptionsFigure = async (ready: Ready, echo: Echo, seconds: number): Promise<Figure> => {
  const channel = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_KEY_CORP ?? '' }, 60_000);
  const codes = await boughtCodes(channel);
  channel.close();
  let next = 0;
  const reference = await echoRate(echo, 40, Math.min(3, seconds));
  const from = performance.now();
  const run = await runLoad({
    target: ready.grpc, path: '/vouchsafe.redemption.v1.RedemptionService/RedeemVoucher', key: ready.keys.VOUCHSAFE_TERMINAL_KEY_LAKE_1 ?? '', sessions: 4, inFlight: 64, seconds: 60, calls: codes.length,
    request: () => {
      const n = next++;
      return toBinary(RedeemVoucherRequestSchema, create(RedeemVoucherRequestSchema, { voucher: { case: 'code', value: codes[n]! }, sequence: BigInt(n + 1), scene: 'counter' }));
    },
  });
  const rate = run.calls / ((performance.now() - from) / 1000);
  return {
    id: 'P10', what: 'redemptions/s, gRPC unary ÷ echo', value: rate, unit: '/s', reference: { what: `echo by ${reference.by}`, value: reference.perSecond }, ratio: run.failed > 0 ? 0 : rate / reference.perSecond, goal: REDEEM_GOAL,
    p50Ms: run.p50Ms, p99Ms: run.p99Ms, ...(run.failed > 0 && { note: `${run.failed} failed: ${JSON.stringify(run.statuses)}` }),
  };
};

/** Own vouchers bought in lots, their codes fetched. */
const boughtCodes = async (channel: Connection): Promise<readonly string[]> => {
  const codes: string[] = [];
  for (let lot = 0; codes.length < REDEMPTIONS; lot++) {
    const order = await channel.call(OrderService.method.placeOrder, { number: `R-${lot}`, waitMs: 20_000, lines: [{ productId: 'prd_coffee', quantity: 500 }] });
    if (order.state !== OrderState.COMPLETED) throw new Error(`a lot was not delivered: ${order.reason?.code}`);
    codes.push(...(await disclose(channel, order.orderId)).map(({ code }) => code));
  }
  return codes;
};

const violationsOf = async (folder: string): Promise<readonly string[]> => {
  const store = await openLog(path.join(folder, 'data'), 'sandbox');
  const auditor = new Auditor();
  for await (const event of allEvents(store)) auditor.see(event);
  await store.close();
  return Object.values(auditor.findings().violations).flat();
};
