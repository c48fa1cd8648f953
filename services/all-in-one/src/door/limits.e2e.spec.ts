import { create } from '@bufbuild/protobuf';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { codesOf, Premises } from './testing/premises.js';

const { placeOrder } = OrderService.method;
const RACE = 50;

describe('an order beyond a limit', () => {
  let premises: Premises;
  let n = 0;
  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish((document) => {
      for (const listing of document.listings) {
        if (listing.id === 'lst_corp-coffee') Object.assign(listing, { buyerLimit: 3 });
        if (listing.id === 'lst_corp-video-month') Object.assign(listing, { quota: 120n, maxQuantity: 20, minQuantity: 2 });
      }
    });
    await premises.stock('prd_video-month', 'sup_video', codesOf('LIMIT', 400));
    await premises.mint('prd_coffee', 400);
  }, 20_000);
  afterAll(() => premises.close());

  type Line = { readonly productId: string; readonly quantity: number; readonly accountFields?: Record<string, string> };
  const place = (channel: string, lines: readonly Line[], more: object = {}) =>
    premises.wire.ask(placeOrder, [{ number: `L-${++n}`, lines: lines.map((line) => ({ ...line })), ...more }], premises.as(channel));
  const video = (quantity: number): readonly Line[] => [{ productId: 'prd_video-month', quantity }];
  const coffee = (quantity: number): readonly Line[] => [{ productId: 'prd_coffee', quantity }];
  const orderOf = (told: { readonly answers: readonly unknown[] }): Order => told.answers[0] as Order;
  const reserved = async (productId: string) => {
    const { free, reserved: held, sold } = await premises.wire.get(InventoryService.method.getStock, { productId }, premises.as('admin'));
    return { free, held, sold };
  };
  const heldMoney = async (channel: string): Promise<bigint> => {
    const { accounts } = await premises.wire.get(LedgerService.method.listAccounts, { filter: `channel_id = "${channel}"` }, premises.as('admin'));
    const account = await premises.wire.get(LedgerService.method.getAccount, { accountId: accounts[0]!.accountId }, premises.as('admin'));
    return account.held!.minor;
  };

  /** Rejected with words and a remedy in both languages, the number used, nothing held. */
  const expectRejected = async (told: Awaited<ReturnType<typeof place>>, code: string, channel = 'chn_corp'): Promise<Order> => {
    expect([told.ok, told.code]).toEqual([true, '']);
    const order = orderOf(told);
    expect([OrderState[order.state], order.reason?.code]).toEqual(['REJECTED', code]);
    for (const words of [order.reason?.text, order.reason?.remedy]) expect([words?.zh, words?.en]).toEqual([expect.stringMatching(/[一-鿿]/), expect.stringMatching(/[a-z]{3}/)]);
    const again = await premises.wire.get(OrderService.method.getOrder, { number: order.number }, premises.as(channel));
    expect([again.orderId, OrderState[again.state]]).toEqual([order.orderId, 'REJECTED']);
    expect(order.lines.every(({ delivered }) => delivered === 0)).toBe(true);
    return order;
  };

  it('of quantity is refused at the door if no line can be so large, and rejected by its listing otherwise', async () => {
    for (const quantity of [0, -1, -(2 ** 31), 2 ** 31 - 1, 10_001]) {
      const told = await place('chn_corp', video(quantity));
      expect([told.status, told.fields.map(({ pointer, code }) => `${pointer} ${code}`)]).toEqual([3, ['/lines/0/quantity QUANTITY_OUT_OF_RANGE']]);
    }
    for (const quantity of [1, 21]) {
      const { reason } = await expectRejected(await place('chn_corp', video(quantity)), 'QUANTITY_NOT_ALLOWED');
      expect(reason?.details).toMatchObject({ min: '2', max: '20', productId: 'prd_video-month' });
    }
  });

  it('leaves the number free where it was refused at the door', async () => {
    const number = 'FREE-AGAIN';
    expect((await premises.wire.ask(placeOrder, [{ number, lines: [{ productId: 'prd_video-month', quantity: -5 }] }], premises.as('chn_corp'))).status).toBe(3);
    const order = await premises.order('chn_corp', { number, lines: [{ productId: 'prd_video-month', quantity: 2 }] });
    expect(order.state).toBe(OrderState.COMPLETED);
  });

  it('of what is not listed there, or not at all, is rejected alike', async () => {
    for (const productId of ['prd_gift-100', 'prd_nothing']) await expectRejected(await place('chn_corp', [{ productId, quantity: 1 }]), 'NOT_LISTED');
    await expectRejected(await place('chn_corp', [...video(2), { productId: 'prd_nothing', quantity: 1 }]), 'NOT_LISTED');
  });

  it('of price is rejected: above max_amount, in another currency, under a quote that is another’s, stale or about something else', async () => {
    await expectRejected(await place('chn_corp', video(2), { maxAmount: { currency: 'CNY', minor: 4_099n } }), 'MAX_AMOUNT_EXCEEDED');
    await expectRejected(await place('chn_corp', video(2), { maxAmount: { currency: 'CNY', minor: 0n } }), 'MAX_AMOUNT_EXCEEDED');
    expect(OrderState[orderOf(await place('chn_corp', video(2), { maxAmount: { currency: 'CNY', minor: 4_100n } })).state]).toBe('COMPLETED');
    await expectRejected(await place('chn_corp', video(2), { maxAmount: { currency: 'USD', minor: 999_999n } }), 'MAX_AMOUNT_EXCEEDED');
    for (const [currency, pointer] of [['cny', '/maxAmount/currency'], ['', '/maxAmount/currency'], ['CNYX', '/maxAmount/currency']] as const) {
      expect((await place('chn_corp', video(2), { maxAmount: { currency, minor: 1n } })).fields[0]?.pointer).toBe(pointer);
    }
    const quote = async (channel: string) => (await premises.wire.get(CatalogService.method.quotePrice, { lines: [{ productId: 'prd_video-month', quantity: 2 }], hold: true }, premises.as(channel))).quoteId;
    const [mine, theirs] = [await quote('chn_corp'), await quote('chn_dist')];
    await expectRejected(await place('chn_corp', video(2), { quoteId: theirs }), 'QUOTE_EXPIRED');
    await expectRejected(await place('chn_corp', video(3), { quoteId: mine }), 'QUOTE_DIFFERS');
    const document = { priceLists: [{ id: 'plt_corp', name: { zh: '企业价', en: 'Companies' }, channelId: 'chn_corp', entries: [{ productId: 'prd_video-month', unitPrice: '30.00' }, { productId: 'prd_coffee', unitPrice: '13.00' }] }] };
    await premises.wire.get(CatalogService.method.applyCatalog, { document: create(CatalogDocumentSchema, document) }, premises.as('admin'));
    const held = orderOf(await place('chn_corp', video(2), { quoteId: mine }));
    expect([OrderState[held.state], held.total?.minor]).toEqual(['COMPLETED', 4_100n]);
    expect(orderOf(await place('chn_corp', video(2))).total?.minor).toBe(6_000n);
    await expectRejected(await place('chn_corp', video(2), { maxAmount: { currency: 'CNY', minor: 4_100n } }), 'MAX_AMOUNT_EXCEEDED');
  });

  it('of one buyer is rejected, for the race of fifty as for the fourth in line; another buyer is not hindered', async () => {
    const told = await Promise.all(Array.from({ length: RACE }, () => place('chn_corp', coffee(1), { buyer: { ref: 'greedy' } })));
    const states = told.map((one) => OrderState[orderOf(one).state]);
    expect(states.filter((state) => state === 'COMPLETED')).toHaveLength(3);
    // Risk notices the rush as well, and may ask for more before stock is.
    const codes = new Set(told.map((one) => orderOf(one).reason?.code).filter((code) => code !== undefined));
    expect([...codes].filter((code) => code !== 'CHALLENGE_REQUIRED')).toEqual(['BUYER_LIMIT_REACHED']);
    await expectRejected(await place('chn_corp', coffee(4), { buyer: { ref: 'modest' } }), 'BUYER_LIMIT_REACHED');
    expect(OrderState[orderOf(await place('chn_corp', coffee(3), { buyer: { ref: 'modest' } })).state]).toBe('COMPLETED');
  });

  it('of a buyer who is not named is rejected, for a limit that one can leave out is none', async () => {
    const told = await place('chn_corp', coffee(1));
    expect(told.ok ? orderOf(told).reason?.code : told.fields[0]?.pointer).toMatch(/BUYER|\/buyer/);
    if (told.ok) expect(OrderState[orderOf(told).state]).toBe('REJECTED');
  });

  it('of the listing’s quota is rejected, in a race of fifty to the unit', async () => {
    const before = await premises.wire.get(InventoryService.method.getStock, { productId: 'prd_video-month' }, premises.as('admin'));
    const told = await Promise.all(Array.from({ length: RACE }, () => place('chn_corp', video(4))));
    const sold = told.map(orderOf).filter(({ state }) => state === OrderState.COMPLETED).length;
    for (const one of told) if (orderOf(one).state === OrderState.REJECTED) expect(orderOf(one).reason?.code).toBe('QUOTA_SPENT');
    const after = await premises.wire.get(InventoryService.method.getStock, { productId: 'prd_video-month' }, premises.as('admin'));
    expect(after.sold - before.sold).toBe(BigInt(sold * 4));
    // Lists follow: every order that was answered is in them soon.
    const inAll = async (): Promise<number> => {
      const { orders } = await premises.wire.get(OrderService.method.listOrders, { pageSize: 500, filter: 'state = COMPLETED' }, premises.as('chn_corp'));
      return orders.flatMap(({ lines }) => lines).filter(({ productId }) => productId === 'prd_video-month').reduce((sum, { ordered }) => sum + ordered, 0);
    };
    const all = await premises.until(inAll, (units) => units > 120 - 4);
    expect(all).toBeLessThanOrEqual(120);
    await expectRejected(await place('chn_corp', video(4)), 'QUOTA_SPENT');
    expect(OrderState[orderOf(await place('chn_dist', video(4))).state]).toBe('COMPLETED');
  });

  it('of money is rejected, in a race of fifty to the cent, and nothing stays held', async () => {
    const { accounts } = await premises.wire.get(LedgerService.method.listAccounts, { filter: 'channel_id = "chn_dist"' }, premises.as('admin'));
    const { accountId } = accounts[0]!;
    const { available } = await premises.wire.get(LedgerService.method.getAccount, { accountId }, premises.as('admin'));
    // Ten coffees at 12.80 and three cents remain.
    await premises.wire.get(LedgerService.method.withdrawDeposit, { accountId, amount: { currency: 'CNY', minor: available!.minor - 12_803n }, bank: 'icbc', bankReference: 'OUT-1' }, premises.as('admin'));
    const told = await Promise.all(Array.from({ length: RACE }, () => place('chn_dist', coffee(1))));
    const orders = told.map(orderOf);
    expect(orders.filter(({ state }) => state === OrderState.COMPLETED)).toHaveLength(10);
    for (const { state, reason } of orders) if (state === OrderState.REJECTED) expect(reason?.code).toBe('BALANCE_SHORT');
    await expectRejected(await place('chn_dist', coffee(1)), 'BALANCE_SHORT', 'chn_dist');
    const left = await premises.wire.get(LedgerService.method.getAccount, { accountId }, premises.as('admin'));
    expect([left.available?.minor, left.held?.minor, left.openHolds]).toEqual([3n, 0n, 0]);
    const refused = await premises.wire.ask(LedgerService.method.withdrawDeposit, [{ accountId, amount: { currency: 'CNY', minor: 4n }, bank: 'icbc', bankReference: 'OUT-2' }], premises.as('admin'));
    expect([refused.ok, refused.status]).toEqual([false, 9]);
  });

  it('left nothing reserved and no money held, and the books balance', async () => {
    for (const productId of ['prd_video-month', 'prd_coffee']) {
      const { free, held, sold } = await premises.until(() => reserved(productId), (stock) => stock.held === 0n);
      expect([held, free + sold]).toEqual([0n, 400n]);
    }
    expect(await heldMoney('chn_corp')).toBe(0n);
    const { totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
  });
});
