import { fulfillmentEvents } from '@vouchsafe/contracts';
import { memoryStore } from '@vouchsafe/event-store';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { OnFailure } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { simulatedClock } from '@vouchsafe/runtime';
import { TEST_START, type TestPorts } from '@vouchsafe/testing';
import { inProcess, sandboxPayment } from './adapters/sandbox-payment.js';
import { orderIdOf } from './application/names.js';
import { SandboxPsp } from './sandbox-provider/psp.js';
import { type Chaos, type Death, Fate, mortalPorts } from './testing/mortal.js';
import { Neighbours } from './testing/neighbours.js';
import { CHANNEL, furnished, orderHouse, type OrderHouse, type PlaceInit } from './testing/order-house.js';

type Scenario = {
  readonly channel: string;
  readonly order: PlaceInit;
  readonly furnish?: (around: Neighbours) => void;
  /** Units of the top-up that reach the account. */
  readonly topUp?: number;
  readonly refund?: boolean;
};
const NUMBER = 'X-1';
const topUpLine = { productId: 'prd_phone', quantity: 4, accountFields: { phone: '13800138000' } };
const withTopUps = (around: Neighbours): void => void around.products.set('prd_phone', { unitMicros: 10_000_000n, kind: ProductKind.TOP_UP });
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a prepaid code': { channel: CHANNEL, order: { number: NUMBER, lines: [{ productId: 'prd_code', quantity: 1 }] } },
  'a code and a top-up, partly delivered': { channel: CHANNEL, furnish: withTopUps, topUp: 3, order: { number: NUMBER, lines: [{ productId: 'prd_code', quantity: 2 }, topUpLine] } },
  'all or nothing, with a failing top-up': {
    channel: CHANNEL, furnish: withTopUps, topUp: 0, order: { number: NUMBER, onFailure: OnFailure.WHOLE, lines: [{ productId: 'prd_code', quantity: 2 }, topUpLine] },
  },
  'too little money': { channel: CHANNEL, furnish: (around) => void around.balances.set('acc_prepaid.shop.CNY', 1n), order: { number: NUMBER, lines: [{ productId: 'prd_code', quantity: 1 }] } },
  'a refunded order': { channel: CHANNEL, refund: true, order: { number: NUMBER, lines: [{ productId: 'prd_code', quantity: 2 }] } },
  'a consumer who pays': { channel: 'chn_pay', order: { number: `${NUMBER}.paid`, lines: [{ productId: 'prd_code', quantity: 1 }] } },
  'a consumer who pays too much': { channel: 'chn_pay', order: { number: `${NUMBER}.over`, lines: [{ productId: 'prd_code', quantity: 1 }] } },
};

/** Plays a scenario to its end, through one death and a restart, and tells what is true then. */
const play = async (scenario: Scenario, death: Death | undefined, chaos: Chaos = {}) => {
  const clock = simulatedClock(TEST_START);
  const store = memoryStore(clock);
  const fate = new Fate(death);
  let house: OrderHouse | undefined;
  let generation = 0;
  const portsNow = (): TestPorts => {
    const mine = ++generation;
    return mortalPorts(store, clock, { fate, chaos, seed: mine, alive: () => generation === mine });
  };
  const first = portsNow();
  const around = furnished(new Neighbours(first));
  scenario.furnish?.(around);
  const psp = new SandboxPsp({
    clock, secret: 's', merchantId: 'm', log: first.log,
    notify: async ({ body, timestamp, signature }) => {
      if (!house) throw new Error('nobody is there to take a notice');
      const call = house.ports.rpc.call(PaymentService.method.notifyPayment, { provider: 'sandbox', body: Buffer.from(body), timestamp, signature }, house.contextOf('chn_pay'));
      // A dead process answers nothing; the provider gives up and sends the notice again.
      await Promise.race([call, clock.sleep(1000).then(() => Promise.reject(new Error('no answer')))]);
    },
  });
  const open = async (ports: TestPorts): Promise<void> => {
    house = await orderHouse({ ports, neighbours: around, providers: [sandboxPayment({ call: inProcess(psp), secret: 's', merchantId: 'm' })] });
  };
  let died = false;
  fate.onDeath = () => {
    died = true;
    generation++;
  };
  const orderId = orderIdOf('sandbox', scenario.channel, scenario.order.number!);
  const deliveryId = `dlv_${orderId.slice(4)}.2`;
  const endTopUp = async (): Promise<void> => {
    if (scenario.topUp === undefined || !around.topUps.has(deliveryId)) return;
    const outcome = scenario.topUp === 0 ? 'failed' as const : 'partial' as const;
    const { type, data } = fulfillmentEvents.encode({
      type: 'TopUpEnded', deliveryId, orderId, lineId: '2', outcome, deliveredQuantity: scenario.topUp, provider: 'sandbox', supplierId: 'sup_9',
      cost: { minor: 2700n, currency: 'CNY' }, inputTax: { minor: 0n, currency: 'CNY' }, reason: 'PARTLY',
    });
    const at = clock.now();
    const message = { id: 'evt-topup', context: 'fulfillment', type, stream: `delivery-${deliveryId}`, pub: 1, data, occurredAt: TEST_START, recordedAt: at, correlation: orderId, causation: 'x', principal: 'x' };
    void house!.ports.bus.publish([message, message]);
  };
  /** Lets time pass; a dead process is started again within a second. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      await clock.advance(1000);
      psp.tick();
      if (!died) continue;
      died = false;
      await open(portsNow());
    }
  };
  await open(first);
  for (let round = 0; round < 2; round++) {
    // The channel asks again under the same number until it has an answer, as it should.
    void house!.ports.rpc.call(OrderService.method.placeOrder, { ...scenario.order, waitMs: 0 }, house!.contextOf(scenario.channel)).catch(() => {});
    await pass(2000);
    await endTopUp();
    await pass(2000);
    if (scenario.refund) void house!.ports.rpc.call(OrderService.method.createRefund, { orderId, requestId: 'r1', lines: [{ lineId: '1', quantity: 1 }] }, house!.contextOf(CHANNEL)).catch(() => {});
    await pass(2000);
  }
  await clock.advance(120_000);
  const { lines, state, reason } = await house!.get(orderId, scenario.channel);
  const streams = ['order', 'payment'].map(async (category) => (await store.readStream(`${category}-${category === 'order' ? orderId : `pay_${orderId.slice(4)}`}`, { max: 50 })).map(({ type }) => type));
  const end = {
    state, reason: reason?.code, lines: lines.map(({ delivered, failed, refunded }) => [delivered, failed, refunded]),
    free: around.free.get('prd_code'), balance: around.balances.get('acc_prepaid.shop.CNY'), grants: around.grants.size, topUps: around.topUps.size,
    captures: [...around.captures].map(([id, { fact }]) => [id, fact.gross.minor]), facts: [...around.facts].map(([id, { type }]) => [id, type]).sort(),
    openHolds: [...around.holds.values()].filter(({ open: isOpen, left }) => isOpen && left > 0n).length,
    openReservations: [...around.reservations.values()].filter(({ state: is }) => is === 'open').length,
    streams: await Promise.all(streams),
  };
  generation++;
  return { end, counted: fate.counted };
};

jest.setTimeout(60_000);
describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  it('ends the same wherever the process dies', async () => {
    const { end } = await play(scenario, undefined);
    // How many steps there are is told by a death that never comes.
    const { counted: appends } = await play(scenario, { at: 'append', n: 1_000_000, effect: 'kept' });
    const { counted: commands } = await play(scenario, { at: 'command', n: 1_000_000, effect: 'kept' });
    expect(appends.append).toBeGreaterThan(2);
    for (const [at, steps] of [['append', appends.append], ['command', commands.command]] as const) {
      for (let n = 1; n <= steps; n++) {
        for (const effect of ['lost', 'kept'] as const) {
          const after = await play(scenario, { at, n, effect });
          expect({ at, n, effect, ...after.end }).toEqual({ at, n, effect, ...end });
        }
      }
    }
  });

  it('ends the same when every command arrives twice and every first answer is lost', async () => {
    const { end } = await play(scenario, undefined);
    expect((await play(scenario, undefined, { twice: true })).end).toEqual(end);
    expect((await play(scenario, undefined, { loseFirst: true })).end).toEqual(end);
    expect((await play(scenario, { at: 'append', n: 2, effect: 'kept' }, { twice: true, loseFirst: true })).end).toEqual(end);
  });
});
