import { OrderService, OrderState, type PlaceOrderResult } from '@vouchsafe/proto/order/v1/order';
import { CHANNEL, orderHouse, type OrderHouse } from './testing/order-house.js';

let house: OrderHouse;
beforeEach(async () => {
  house = await orderHouse();
  house.around.free.set('prd_code', 1000);
  house.around.balances.set('acc_prepaid.shop.CNY', 10_000_000n);
});
afterEach(() => house.close());
const one = (number: string) => ({ number, waitMs: 1000, lines: [{ productId: 'prd_code', quantity: 1 }] });
const outcome = ({ number, outcome: { case: kind, value } }: PlaceOrderResult) => `${number} ${kind === 'order' ? OrderState[value.state] : kind === 'problem' ? value.code : ''}`;

it('answers a batch with a result for each order, wrong ones beside right ones', async () => {
  const orders = [one('B-1'), { ...one('B 2') }, one('B-3'), { ...one('B-1'), lines: [{ productId: 'prd_code', quantity: 2 }] }];
  const { results } = await house.ports.clock.until(house.ports.rpc.call(OrderService.method.batchPlaceOrders, { orders }, house.contextOf(CHANNEL)));
  expect(results.map(outcome)).toEqual(['B-1 COMPLETED', 'B 2 REQUEST_INVALID', 'B-3 COMPLETED', 'B-1 ORDER_NUMBER_REUSED']);
});

it('refuses a batch of none and of more than a hundred', async () => {
  for (const orders of [[], Array.from({ length: 101 }, (_, i) => one(`C-${i}`))]) {
    expect(await house.failing(house.ports.rpc.call(OrderService.method.batchPlaceOrders, { orders }, house.contextOf(CHANNEL)))).toBe('REQUEST_INVALID');
  }
});

it('works on a stream of orders at once and answers each under its number', async () => {
  async function* orders() {
    for (let i = 0; i < 200; i++) yield { order: one(`S-${i}`) };
  }
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { result } of house.ports.rpc.converse(OrderService.method.streamOrders, orders(), house.contextOf(CHANNEL))) seen.push(outcome(result!));
  })();
  await house.ports.clock.until(reading);
  expect(seen.sort()).toEqual(Array.from({ length: 200 }, (_, i) => `S-${i} COMPLETED`).sort());
});

it('answers what is ready while the stream stays open', async () => {
  let more = (): void => {};
  async function* orders() {
    yield { order: one('O-1') };
    await new Promise<void>((resolve) => { more = resolve; });
  }
  const answers = house.ports.rpc.converse(OrderService.method.streamOrders, orders(), house.contextOf(CHANNEL))[Symbol.asyncIterator]();
  const { value } = await house.ports.clock.until(answers.next());
  expect(outcome(value!.result)).toBe('O-1 COMPLETED');
  const rest = answers.next();
  more();
  expect((await house.ports.clock.until(rest)).done).toBe(true);
});

it('shows every step of a watched order until it is final', async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => { release = resolve; });
  house.around.before = (name) => (name === 'ActivateGrant' ? gate : undefined);
  const { orderId } = await house.place({ ...one('W-1'), waitMs: 0 });
  const steps: string[] = [];
  const watching = (async () => {
    for await (const { state } of house.ports.rpc.stream(OrderService.method.watchOrder, { orderId }, house.contextOf(CHANNEL))) steps.push(OrderState[state]);
  })();
  await house.ports.clock.advance(10);
  release();
  await house.ports.clock.until(watching);
  expect(steps.at(-1)).toBe('COMPLETED');
  expect(steps).toContain('FULFILLING');
});

it('waits no longer for a watcher that hung up', async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => { release = resolve; });
  house.around.before = (name) => (name === 'ActivateGrant' ? gate : undefined);
  const { orderId } = await house.place({ ...one('W-2'), waitMs: 0 });
  const call = new AbortController();
  const watching = house.ports.rpc.stream(OrderService.method.watchOrder, { orderId }, { ...house.contextOf(CHANNEL), signal: call.signal })[Symbol.asyncIterator]();
  await house.ports.clock.advance(10);
  let told = await watching.next();
  const from = house.ports.clock.monotonicMs();
  const quiet = (async () => {
    while (!told.done) told = await watching.next();
  })();
  await house.ports.clock.advance(100);
  call.abort();
  await house.ports.clock.until(quiet);
  expect(house.ports.clock.monotonicMs() - from).toBeLessThan(1_000);
  release();
});

it('lists a channel’s orders newest first, by state and time, page by page', async () => {
  for (let i = 0; i < 5; i++) {
    await house.place(i === 3 ? { ...one('L-3'), lines: [{ productId: 'prd_none', quantity: 1 }] } : one(`L-${i}`));
    await house.ports.clock.advance(1000);
  }
  const list = (request: object, channel = CHANNEL) => house.ports.rpc.call(OrderService.method.listOrders, request, house.contextOf(channel));
  const numbers = async (request: object, channel?: string) => (await list(request, channel)).orders.map(({ number }) => number);
  const first = await list({ pageSize: 2 });
  expect(first.orders.map(({ number }) => number)).toEqual(['L-4', 'L-3']);
  expect(await numbers({ pageSize: 2, pageToken: first.nextPageToken })).toEqual(['L-2', 'L-1']);
  expect(await numbers({ filter: 'state = REJECTED' })).toEqual(['L-3']);
  expect(await numbers({ filter: 'placed_at >= "2026-03-02T01:00:03Z" AND state = COMPLETED', orderBy: 'placed_at' })).toEqual(['L-4']);
  expect(await numbers({ channelId: CHANNEL }, 'chn_root')).toHaveLength(5);
  expect(await numbers({ channelId: CHANNEL }, 'chn_pay')).toEqual([]);
  expect(await house.failing(list({ filter: 'colour = red' }))).toBe('FILTER_INVALID');
  expect(await house.failing(list({ pageSize: 2, pageToken: first.nextPageToken, filter: 'state = REJECTED' }))).toBe('PAGE_TOKEN_INVALID');
});

it('gives an order by its number, and shows a preview without placing it', async () => {
  const preview = await house.place({ ...one('G-1'), validateOnly: true });
  expect(preview).toMatchObject({ orderId: '', total: { minor: 990n, display: '9.90' } });
  const byNumber = () => house.ports.rpc.call(OrderService.method.getOrder, { number: 'G-1' }, house.contextOf(CHANNEL));
  expect(await house.failing(byNumber())).toBe('ORDER_UNKNOWN');
  const { orderId } = await house.place(one('G-1'));
  expect((await byNumber()).orderId).toBe(orderId);
});

it('keeps nothing of finished orders but bounded caches', async () => {
  for (let i = 0; i < 50; i++) await house.place(one(`K-${i}`));
  const docs = await (await house.ports.readStore.collection({ name: 'order_deadlines_v1', indexes: [{ fields: ['dueAt'] }] })).count();
  expect(docs).toBe(0);
});
