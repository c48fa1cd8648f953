import { type EventStore, memoryStore } from '@vouchsafe/event-store';
import { GetHoldVerdictResponse_Verdict as Verdict, OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { AssessResponse_Verdict } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { riskEvents } from '@vouchsafe/contracts';
import { simulatedClock } from '@vouchsafe/runtime';
import { TEST_START, testPorts } from '@vouchsafe/testing';
import { sandboxPayment } from './adapters/sandbox-payment.js';
import { orderConfig } from './config.js';
import { createOrder } from './create-order.js';
import { Fate, mortalPorts } from './testing/mortal.js';
import { Neighbours } from './testing/neighbours.js';
import { CHANNEL, furnished, orderHouse, type OrderHouse } from './testing/order-house.js';

const one = (number: string) => ({ number, waitMs: 2000, lines: [{ productId: 'prd_code', quantity: 1 }] });

describe('two replicas over one store', () => {
  const open = async () => {
    const clock = simulatedClock(TEST_START);
    const store: EventStore = memoryStore(clock);
    const shared = new Proxy(store, { get: (target, key) => (key === 'exclusive' ? false : typeof Reflect.get(target, key) === 'function' ? (Reflect.get(target, key) as (...args: unknown[]) => unknown).bind(target) : Reflect.get(target, key)) });
    const portsOf = (seed: number) => mortalPorts(shared, clock, { fate: new Fate(undefined), alive: () => true, chaos: {}, seed });
    const around = furnished(new Neighbours(portsOf(0)));
    const [a, b] = [await orderHouse({ ports: portsOf(1), neighbours: around }), await orderHouse({ ports: portsOf(2), neighbours: around })];
    const place = (house: OrderHouse, request: ReturnType<typeof one>) => house.ports.rpc.call(OrderService.method.placeOrder, request, house.contextOf(CHANNEL));
    return { clock, around, a, b, place, close: async () => {
      await a.service.stop();
      await b.service.stop();
    } };
  };

  it('make one order of the same number asked at both at once', async () => {
    const { clock, around, a, b, place, close } = await open();
    const [first, second] = await clock.until(Promise.all([place(a, one('N-1')), place(b, one('N-1'))]));
    expect([first.state, second.state]).toEqual([OrderState.COMPLETED, OrderState.COMPLETED]);
    expect([first.orderId, around.free.get('prd_code'), around.captures.size]).toEqual([second.orderId, 9, 1]);
    await close();
  });

  it('refuse the other body of two that race for a number', async () => {
    const { clock, around, a, b, place, close } = await open();
    const raced = await clock.until(Promise.allSettled([place(a, one('N-2')), place(b, { ...one('N-2'), lines: [{ productId: 'prd_code', quantity: 2 }] })]));
    expect(raced.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const quantity = around.captures.values().next().value!.fact.gross.minor === 990n ? 1 : 2;
    expect(around.free.get('prd_code')).toBe(10 - quantity);
    await close();
  });

  it('show an order that the other one takes through its course', async () => {
    const { clock, around, a, b, place, close } = await open();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => { release = resolve; });
    around.before = (name) => (name === 'CaptureHold' ? gate : undefined);
    const { orderId } = await clock.until(place(a, { ...one('N-3'), waitMs: 0 }));
    const states: OrderState[] = [];
    const watching = (async () => {
      for await (const { state } of b.ports.rpc.stream(OrderService.method.watchOrder, { orderId }, b.contextOf(CHANNEL))) states.push(state);
    })();
    await clock.advance(500);
    release();
    await clock.until(watching);
    expect(states.at(-1)).toBe(OrderState.COMPLETED);
    await close();
  });
});

describe('a review', () => {
  let house: OrderHouse;
  beforeEach(async () => {
    house = await orderHouse();
    house.around.verdict = AssessResponse_Verdict.REVIEW;
  });
  afterEach(() => house.close());
  const decide = async (orderId: string, decision: 'allow' | 'deny'): Promise<void> => {
    const { type, data } = riskEvents.encode({ type: 'ReviewResolved', orderId, verdictId: 'vdt_1', decision, by: 'pri_ann' });
    const now = house.ports.clock.now();
    await house.ports.bus.publish([{ id: 'evt-1', context: 'risk', type, stream: `case-${orderId}`, pub: 1, data, occurredAt: now, recordedAt: now, correlation: orderId, causation: 'x', principal: 'pri_ann' }]);
    await house.ports.clock.advance(10);
  };

  it('holds stock and money until a person allows it', async () => {
    const held = await house.place(one('V-1'));
    expect([held.state, house.around.free.get('prd_code'), house.around.balances.get('acc_prepaid.shop.CNY')]).toEqual([OrderState.IN_REVIEW, 9, 99_010n]);
    await decide(held.orderId, 'allow');
    expect((await house.get(held.orderId)).state).toBe(OrderState.COMPLETED);
  });
  it('gives both back when a person denies it, or nobody decides in time', async () => {
    const [denied, forgotten] = [await house.place(one('V-2')), await house.place(one('V-3'))];
    await decide(denied.orderId, 'deny');
    await house.ports.clock.advance(1_810_000);
    const reasons = await Promise.all([denied, forgotten].map(async ({ orderId }) => (await house.get(orderId)).reason?.code));
    expect(reasons).toEqual(['REVIEW_DENIED', 'REVIEW_TIMED_OUT']);
    expect([house.around.free.get('prd_code'), house.around.balances.get('acc_prepaid.shop.CNY')]).toEqual([10, 100_000n]);
  });
  it('ends when the ledger has to let its hold lapse, and says so before it lets go', async () => {
    const { orderId } = await house.place(one('V-4'));
    const verdict = async (id: string) => (await house.ports.rpc.call(OrderStateService.method.getHoldVerdict, { orderId: id }, house.contextOf(CHANNEL))).verdict;
    expect(await verdict(orderId)).toBe(Verdict.RELEASE);
    expect((await house.get(orderId)).reason?.code).toBe('HOLD_EXPIRED');
    expect(await verdict('ord_none')).toBe(Verdict.KEEP);
  });
});

it('turns new orders away when too many are in progress, and still answers for those it has', async () => {
  const ports = testPorts({ namespace: 'sandbox' });
  const around = furnished(new Neighbours(ports)).start();
  const service = createOrder({ ...ports, paymentProviders: [] }, orderConfig.parse({ openOrdersMax: 1 }));
  await service.start();
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => { release = resolve; });
  around.before = (name) => (name === 'CommitReservation' ? gate : undefined);
  const house = { contextOf: (channelId: string) => ({ caller: { principalId: 'p', kind: 'channel' as const, namespace: 'sandbox' as const, channelId, permissions: new Set<string>() }, requestId: 'r', deadline: ports.clock.now(), locale: 'en' as const }) };
  const place = (number: string) => ports.rpc.call(OrderService.method.placeOrder, { ...one(number), waitMs: 0 }, house.contextOf(CHANNEL));
  expect((await place('B-1')).state).toBe(OrderState.PENDING);
  await expect(place('B-2')).rejects.toMatchObject({ code: 'BUSY', kind: 'throttled' });
  expect((await place('B-1')).state).toBe(OrderState.PENDING);
  release();
  await ports.clock.advance(10);
  expect((await place('B-2')).state).toBe(OrderState.PENDING);
  await ports.clock.advance(10);
  await service.stop();
  await ports.close();
});

it('does not let a sandbox payment provider stand in live', () => {
  const provider = sandboxPayment({ call: async () => ({ status: 200, body: {} }), secret: 's', merchantId: 'm' });
  expect(() => createOrder({ ...testPorts({ namespace: 'live' }), paymentProviders: [provider] }, orderConfig.parse({}))).toThrow('cannot be composed into live');
});
