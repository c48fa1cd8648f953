import { DeliveryState, FulfillmentService, ResolveTopUpRequest_Outcome } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import type { Providers, TopUpProvider } from './application/ports.js';
import type { ProviderAnswer } from './domain/top-up-messages.js';
import { testPorts } from '@vouchsafe/testing';
import { type Office, openOffice } from './testing/office.js';

const { discloseSecrets, breakGlassDisclose, getDelivery, listEscalations, resolveTopUp } = FulfillmentService.method;
const STAFF = { kind: 'person', principalId: 'pri_staff', channelId: undefined } as const;
/** A provider that always says the same. */
const provider = (answer: ProviderAnswer): Providers => {
  const same: TopUpProvider = { submit: async () => answer, query: async () => answer };
  return { get: () => same, routeOf: (name) => (name === 'a' ? ['a'] : undefined) };
};

describe('disclosure of secrets', () => {
  let office: Office;
  afterEach(() => office.close());
  const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
    const got: T[] = [];
    for await (const item of items) got.push(item);
    return got;
  };

  it('gives a large line in pieces of at most 256, each opened after the record', async () => {
    office = await openOffice({ units: 600 });
    const pieces = await all(office.ports.rpc.stream(discloseSecrets, { orderId: 'ord_1' }, office.as()));
    expect(pieces.map(({ secrets, withheld }) => [secrets.length, withheld.length])).toEqual([[0, 1], [256, 0], [256, 0], [87, 0]]);
    expect(pieces[0]!.withheld[0]).toMatchObject({ code: 'VOUCHER_FROZEN', voucherIds: ['vch_599'] });
    expect(pieces[1]!.secrets[0]).toMatchObject({ voucherId: 'vch_0', code: 'CODE-0' });
    expect(office.asked).toHaveLength(1);
  });

  it('answers a foreign order exactly as one that does not exist', async () => {
    office = await openOffice();
    const foreign = office.as({ principalId: 'pri_2', channelId: 'chn_2' });
    const failures = await Promise.allSettled([
      all(office.ports.rpc.stream(discloseSecrets, { orderId: 'ord_1' }, foreign)), all(office.ports.rpc.stream(discloseSecrets, { orderId: 'ord_none' }, foreign)),
    ]);
    expect(failures).toEqual([expect.objectContaining({ reason: expect.objectContaining({ code: 'ORDER_UNKNOWN' }) }), expect.objectContaining({ reason: expect.objectContaining({ code: 'ORDER_UNKNOWN' }) })]);
    expect(office.opened).toEqual([]);
    await expect(office.ports.rpc.call(getDelivery, { orderId: 'ord_1', lineId: '1' }, foreign)).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' });
  });

  it('opens nothing for another principal of the channel, and lets staff break the glass with a reason', async () => {
    office = await openOffice();
    await expect(all(office.ports.rpc.stream(discloseSecrets, { orderId: 'ord_1' }, office.as({ principalId: 'pri_colleague' })))).rejects.toMatchObject({ code: 'NOT_YOURS' });
    expect(office.opened).toEqual([]);
    await expect(all(office.ports.rpc.stream(breakGlassDisclose, { orderId: 'ord_1' }, office.as(STAFF)))).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    const pieces = await all(office.ports.rpc.stream(breakGlassDisclose, { orderId: 'ord_1', reason: '客诉 4711' }, { ...office.as(STAFF), approvalId: 'apr_1' }));
    expect(pieces.flatMap(({ secrets }) => secrets)).toHaveLength(2);
    expect(office.asked[1]).toMatchObject({ principalId: 'pri_staff', reason: '客诉 4711', approvalId: 'apr_1' });
  });

  it('seals everything for a channel that registered a key, and gives nothing in plain', async () => {
    office = await openOffice({ keys: { sealFor: async (channelId) => (channelId === 'chn_1' ? async (plain) => `sealed(${plain.reveal().length})` : undefined) } });
    const pieces = await all(office.ports.rpc.stream(discloseSecrets, { orderId: 'ord_1' }, office.as()));
    expect(pieces.flatMap(({ secrets }) => secrets)).toEqual([]);
    expect(pieces.at(-1)!.jwe).toMatch(/^sealed\(\d+\)$/);
  });
});

describe('a top-up through the service', () => {
  let office: Office;
  afterEach(() => office.close());
  const delivery = (caller = {}) => office.ports.rpc.call(getDelivery, { orderId: 'ord_1', lineId: '1' }, office.as(caller));

  it('is begun at once and tells the order how it ended', async () => {
    const heard: string[] = [];
    office = await openOffice({ providers: provider({ status: 'succeeded' }) });
    office.ports.bus.subscribe('test', ['fulfillment'], async ({ type, data }) => void heard.push(`${type} ${JSON.stringify(data)}`));
    expect(await office.startTopUp()).toEqual({ ok: true, result: {} });
    expect(await office.startTopUp()).toEqual({ ok: true, result: {} });
    await office.ports.clock.advance(2_000);
    expect(await delivery()).toMatchObject({ state: DeliveryState.SUCCEEDED, deliveredQuantity: 2n, attempts: [] });
    expect(heard).toEqual([expect.stringMatching(/^fulfillment\.TopUpEnded\.v1 .*"outcome":"succeeded","deliveredQuantity":2/)]);
  });

  it('refuses the same product into the same account within the guard, unless a second one is wanted or the first one failed', async () => {
    office = await openOffice({ providers: provider({ status: 'succeeded' }) });
    await office.startTopUp();
    const second = { deliveryId: 'dlv_2.1', orderId: 'ord_2' };
    expect(await office.startTopUp(second)).toMatchObject({ ok: false, code: 'DUPLICATE_TOP_UP' });
    expect(await office.startTopUp({ ...second, allowRepeat: true })).toEqual({ ok: true, result: {} });
    expect(await office.startTopUp({ ...second, quantity: 9 })).toMatchObject({ ok: false, code: 'DELIVERY_ID_REUSED' });
    expect(await office.startTopUp({ deliveryId: 'dlv_3.1', orderId: 'ord_3', provider: 'nobody' })).toMatchObject({ ok: false, code: 'PROVIDER_UNKNOWN' });
    expect(await office.startTopUp({ deliveryId: 'dlv_3.1', orderId: 'ord_3', accountRef: 'x' })).toMatchObject({ ok: false, code: 'ACCOUNT_INVALID' });
  });

  it('lets the buyer try again after a failure', async () => {
    office = await openOffice({ providers: provider({ status: 'failed', reason: 'ACCOUNT_CLOSED' }) });
    await office.startTopUp();
    await office.ports.clock.advance(1_000);
    expect(await office.startTopUp({ deliveryId: 'dlv_2.1', orderId: 'ord_2' })).toEqual({ ok: true, result: {} });
  });

  it('goes on after a restart, and closes an escalation by itself when the provider knows at last', async () => {
    office = await openOffice({ providers: provider({ status: 'unknown', reason: 'SYSTEM_BUSY' }) });
    await office.startTopUp();
    await office.ports.clock.advance(600_000);
    await office.stop();
    const ports = { ...testPorts({ store: office.ports.store }), clock: office.ports.clock, timers: office.ports.timers };
    const again = await openOffice({ ports, providers: provider({ status: 'succeeded' }) });
    expect((await again.ports.rpc.call(listEscalations, {}, again.as(STAFF))).escalations).toHaveLength(1);
    await again.ports.clock.advance(3_700_000);
    expect(await again.ports.rpc.call(getDelivery, { orderId: 'ord_1', lineId: '1' }, again.as())).toMatchObject({ state: DeliveryState.SUCCEEDED });
    expect((await again.ports.rpc.call(listEscalations, {}, again.as(STAFF))).escalations).toEqual([]);
    await again.stop();
  });

  it('lists escalations page by page', async () => {
    office = await openOffice({ providers: provider({ status: 'unknown', reason: 'SYSTEM_BUSY' }) });
    for (let i = 1; i <= 5; i++) await office.startTopUp({ deliveryId: `dlv_${i}.1`, orderId: `ord_${i}`, accountToken: `tok_${i}` });
    await office.ports.clock.advance(600_000);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await office.ports.rpc.call(listEscalations, { pageSize: 2, pageToken, filter: 'provider="a"' }, office.as(STAFF));
      seen.push(...page.escalations.map(({ deliveryId }) => deliveryId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5].map((i) => `dlv_${i}.1`));
    await expect(office.ports.rpc.call(listEscalations, { pageToken: 'x' }, office.as(STAFF))).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID' });
    await expect(office.ports.rpc.call(listEscalations, { filter: 'x' }, office.as(STAFF))).rejects.toMatchObject({ code: 'FIELD_INVALID' });
  });

  it('escalates what stays unknown, and a person ends it with evidence', async () => {
    office = await openOffice({ providers: provider({ status: 'unknown', reason: 'SYSTEM_BUSY' }) });
    await office.startTopUp();
    const resolve = (over: object = {}) =>
      office.ports.rpc.call(resolveTopUp, { deliveryId: 'dlv_1.1', outcome: ResolveTopUpRequest_Outcome.PARTIAL, deliveredQuantity: 1n, evidence: '对账单 7 行', ...over }, office.as(STAFF));
    await expect(resolve()).rejects.toMatchObject({ code: 'NOT_ESCALATED' });
    await office.ports.clock.advance(600_000);
    const { escalations } = await office.ports.rpc.call(listEscalations, {}, office.as(STAFF));
    expect(escalations).toMatchObject([{ deliveryId: 'dlv_1.1', provider: 'a', requestNumber: 'dlv_1.1.1', reason: 'SYSTEM_BUSY', quantity: 2n }]);
    expect(await delivery()).toMatchObject({ state: DeliveryState.PENDING });
    await expect(resolve({ evidence: ' ' })).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    await expect(resolve({ deliveredQuantity: 2n })).rejects.toMatchObject({ code: 'QUANTITY_OUT_OF_RANGE' });
    await expect(resolve({ etag: '"0"' })).rejects.toMatchObject({ code: 'ETAG_DIFFERS' });
    expect(await resolve({ etag: escalations[0]!.etag })).toMatchObject({ state: DeliveryState.PARTIAL, deliveredQuantity: 1n });
    expect(await resolve()).toMatchObject({ state: DeliveryState.PARTIAL });
    await expect(resolve({ outcome: ResolveTopUpRequest_Outcome.FAILED })).rejects.toMatchObject({ code: 'TOP_UP_ENDED' });
    expect((await office.ports.rpc.call(listEscalations, {}, office.as(STAFF))).escalations).toEqual([]);
  });
});
