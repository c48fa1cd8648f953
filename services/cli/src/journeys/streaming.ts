import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import type { Visitors } from './visitors.js';

const LINES = [{ productId: 'prd_video-month', quantity: 1 }];

/** Calls that stream, through the gateway and whatever lies behind it. */
export const describeStreaming = (visitors: () => Visitors): void => {
  it('takes orders on one stream and answers each on it', async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => `T-1-${i}`);
    const answers = new Map<string, OrderState | undefined>();
    const asked = numbers.map((number) => ({ order: { number, lines: LINES, waitMs: 20_000 } }));
    for await (const { result } of visitors().as('chn_dist').converse(OrderService.method.streamOrders, asked)) answers.set(result!.number, result!.outcome.case === 'order' ? result!.outcome.value.state : undefined);
    expect(answers).toEqual(new Map(numbers.map((number) => [number, OrderState.COMPLETED])));
  });

  it('shows an order on its way, from its payment to its end', async () => {
    const { orderId } = await visitors().order('chn_app', { number: 'T-2.paid', lines: LINES, waitMs: 0 });
    const states: OrderState[] = [];
    for await (const { state } of visitors().as('chn_app').stream(OrderService.method.watchOrder, { orderId })) states.push(state);
    expect(states.at(-1)).toBe(OrderState.COMPLETED);
  });

  it('answers an order with its secrets where they are asked for, the ones that are disclosed', async () => {
    const { orderId, secrets } = await visitors().order('chn_dist', { number: 'T-3', lines: [{ productId: 'prd_video-month', quantity: 2 }], includeSecrets: true });
    expect(secrets.flatMap((line) => line.secrets.map(({ code }) => code))).toEqual((await visitors().disclose('chn_dist', orderId)).map(({ code }) => code));
  });

  it('redeems on one stream, each sequence answered for itself', async () => {
    const till = 'trm_lake-2';
    const { code } = await visitors().voucher('chn_dist', 'T-4');
    const asked = [code, code].map((value) => ({ voucher: { case: 'code' as const, value }, sequence: visitors().sequence(till), scene: 'counter' }));
    const answers: string[] = [];
    for await (const { answer } of visitors().as(till).converse(RedemptionService.method.streamRedemptions, asked)) answers.push(answer.case === 'refused' ? answer.value.code : answer.case ?? '');
    expect(answers.sort()).toEqual(['ALREADY_REDEEMED', 'redeemed']);
  });
};
