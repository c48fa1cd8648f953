import { create, toBinary } from '@bufbuild/protobuf';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedeemVoucherRequestSchema } from '@vouchsafe/proto/redemption/v1/redemption';
import { Connection } from '../client/connection.js';
import { disclose } from '../demo/redeeming.js';
import { type Ready } from '../drive/server.js';
import { type Echo, echoRate } from './echo.js';
import { type LoadResult, runLoad } from './load.js';
import { residentBytes } from './machine.js';
import { failuresOf } from './orders.js';
import { type Figure, median } from './report.js';

const GOAL = 0.15;
/** So many, because the compiler is not done with the hot paths before. */
const WARM = 60_000;
const MEASURED = 60_000;
const LOT = 500;
const ECHO_SECONDS = 2;
const REQUEST_BYTES = 40;
/** Longer than any round takes. */
const PATIENCE_SECONDS = 60;

/** Own vouchers that are bought for it. */
export const REDEMPTIONS = WARM + MEASURED;

/** P10: redemptions per second over gRPC unary, each voucher once, beside an echo of the same run. */
export const redemptionsFigure = async (ready: Ready, echo: Echo, rounds: number): Promise<Figure> => {
  const codes = await boughtCodes(ready);
  let next = 0;
  const redeem = (calls: number): Promise<LoadResult> => {
    const from = next;
    return runLoad({
      target: ready.grpc, path: '/vouchsafe.redemption.v1.RedemptionService/RedeemVoucher', key: ready.keys.VOUCHSAFE_TERMINAL_KEY_LAKE_1 ?? '', sessions: 4, inFlight: 64, seconds: PATIENCE_SECONDS, calls,
      request: (n) => {
        next = Math.max(next, from + n + 1);
        return toBinary(RedeemVoucherRequestSchema, create(RedeemVoucherRequestSchema, { voucher: { case: 'code', value: codes[from + n]! }, sequence: BigInt(from + n + 1), scene: 'counter' }));
      },
    });
  };
  await redeem(WARM);
  const [ratios, echoes]: [number[], number[]] = [[], []];
  const runs: LoadResult[] = [];
  let by = '';
  for (let round = 0; round < rounds; round++) {
    const reference = await echoRate(echo, REQUEST_BYTES, ECHO_SECONDS);
    const run = await redeem(Math.floor(MEASURED / rounds));
    by = reference.by;
    runs.push(run);
    ratios.push(run.perSecond / reference.perSecond);
    echoes.push(reference.perSecond);
  }
  const broken = failuresOf(runs);
  return {
    id: 'P10', what: 'redemptions/s, gRPC unary ÷ echo', value: median(runs.map(({ perSecond }) => perSecond)), unit: '/s', reference: { what: `echo by ${by}`, value: median(echoes) }, ratio: median(ratios), goal: GOAL,
    p50Ms: median(runs.map(({ p50Ms }) => p50Ms)), p99Ms: median(runs.map(({ p99Ms }) => p99Ms)), rssBytes: residentBytes(ready.pid),
    note: `one till, ${rounds} × ${Math.floor(MEASURED / rounds).toLocaleString('en')} vouchers`, ...(broken && { broken }),
  };
};

/** Own vouchers bought in lots, their codes fetched. */
const boughtCodes = async (ready: Ready): Promise<readonly string[]> => {
  const channel = new Connection({ grpc: ready.grpc, key: ready.keys.VOUCHSAFE_KEY_CORP ?? '' }, 60_000);
  try {
    const codes: string[] = [];
    for (let lot = 0; codes.length < REDEMPTIONS; lot++) {
      const order = await channel.call(OrderService.method.placeOrder, { number: `R-${lot}`, waitMs: 20_000, lines: [{ productId: 'prd_coffee', quantity: LOT }] });
      if (order.state !== OrderState.COMPLETED) throw new Error(`a lot was not delivered: ${order.reason?.code}`);
      codes.push(...(await disclose(channel, order.orderId)).map(({ code }) => code));
    }
    return codes;
  } finally {
    channel.close();
  }
};
