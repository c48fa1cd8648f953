import { type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ApplyCatalogResponse_Action, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { type Caller, type CallContext, isRpcFailure, type RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { catalogConfig, createCatalog } from './index.js';

const admin: Caller = { principalId: 'pri_admin', kind: 'person', namespace: 'live', permissions: new Set(['catalog:read', 'catalog:write']) };
const channel = (channelId: string): Caller => ({ principalId: `pri_${channelId}`, kind: 'channel', channelId, namespace: 'live', permissions: new Set(['catalog:read']) });

const catalogue = async (ports: TestPorts = testPorts()) => {
  const service = createCatalog(ports, catalogConfig.parse({}));
  await service.start();
  const context = (caller: Caller): CallContext => ({ caller, requestId: 'req_1', deadline: plusMs(ports.clock.now(), 5_000), locale: 'en' });
  const as = (caller: Caller) => <M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> =>
    ports.rpc.call(method, request, context(caller));
  return { ports, service, admin: as(admin), app: as(channel('chn_app')), other: as(channel('chn_other')), internal: as(serviceCaller('order', 'live')) };
};
const refusal = async (work: Promise<unknown>): Promise<RpcFailure> => {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  if (!isRpcFailure(error)) throw new Error('was not refused', { cause: error });
  return error;
};
const { method } = CatalogService;

/** A book code at 9.90 on the app, a channel below it, and one that has nothing to do with them. */
const sold = async () => {
  const all = await catalogue();
  const { admin: call } = all;
  await call(method.createChannel, { channel: { id: 'chn_app', name: { zh: '自有应用' }, settlement: SettlementMode.PREPAID } });
  await call(method.createChannel, { channel: { id: 'chn_other', name: { en: 'Other' }, settlement: SettlementMode.CREDIT } });
  await call(method.createSupplier, { supplier: { id: 'sup_video', name: { zh: '视频' }, terms: 1 } });
  await call(method.createProduct, {
    product: { id: 'prd_month', kind: ProductKind.CODE, name: { zh: '月卡', en: 'Month' }, businessLine: 'video', taxRateBp: 600, supplierId: 'sup_video', faceValue: '15.00' },
  });
  await call(method.createPriceList, {
    priceList: { id: 'plt_app', name: { zh: '价目' }, channelId: 'chn_app', entries: [{ productId: 'prd_month', unitPrice: '9.90', floor: '8', tiers: [{ minQuantity: 10, unitPrice: '9.5' }] }] },
  });
  await call(method.createListing, { listing: { id: 'lst_app', channelId: 'chn_app', productId: 'prd_month', buyerLimit: 5 } });
  return all;
};
const ask = (quantity: number, more = {}) => ({
  channelId: 'chn_app', lines: [{ lineId: 'l1', productId: 'prd_month', quantity }], atMs: BigInt(Date.UTC(2026, 2, 2, 2)), ...more,
});

it('prices an order from memory as soon as product, channel, price and listing are there', async () => {
  const { internal, service } = await sold();
  const priced = await internal(CatalogTermsService.method.priceOrder, ask(12));
  expect(priced).toMatchObject({
    rejection: '', total: { minor: 11400n, currency: 'CNY' }, settlement: SettlementMode.PREPAID, settlementChannelId: 'chn_app', bookId: 'bok_main',
    lines: [{ lineId: 'l1', productVersion: 1, unitMicros: 9_500_000n, gross: { minor: 11400n }, taxRateBp: 600, agent: false, supplierId: 'sup_video', buyerLimit: 5, listingId: 'lst_app' }],
  });
  expect((await internal(CatalogTermsService.method.priceOrder, { ...ask(1), channelId: 'chn_other' })).rejection).toBe('NOT_LISTED');
  await service.stop();
});

it('has the same catalogue after a restart', async () => {
  const { ports, service, internal } = await sold();
  const before = await internal(CatalogTermsService.method.priceOrder, ask(3));
  await service.stop();
  const again = await catalogue(ports);
  expect(await again.internal(CatalogTermsService.method.priceOrder, ask(3))).toEqual(before);
  expect((await again.internal(CatalogTermsService.method.getProductTerms, { productId: 'prd_month' }))).toMatchObject({ found: true, version: 1, taxRateBp: 600 });
});

it('keeps every version of a product, so that an old order shows what was sold', async () => {
  const { admin: call } = await sold();
  await call(method.updateProduct, { product: { id: 'prd_month', name: { zh: '月卡（新）' } }, updateMask: { paths: ['name'] } });
  await call(method.updateProduct, { product: { id: 'prd_month', usage: { validDays: 30 } }, updateMask: { paths: ['usage.valid_days'] } });
  expect(await call(method.getProduct, { id: 'prd_month' })).toMatchObject({ version: 3, name: { zh: '月卡（新）' }, taxRateBp: 600, usage: { validDays: 30 } });
  expect(await call(method.getProduct, { id: 'prd_month', version: 1 })).toMatchObject({ version: 1, name: { zh: '月卡', en: 'Month' }, usage: { validDays: 0 } });
  expect((await refusal(call(method.getProduct, { id: 'prd_month', version: 9 }))).code).toBe('NOT_FOUND');
});

it('answers a repeated request again, and refuses another body under its id or a stale etag', async () => {
  const { admin: call } = await sold();
  const create = { product: { kind: ProductKind.CODE, name: { zh: '年卡' }, businessLine: 'video' }, requestId: 'r1' };
  const first = await call(method.createProduct, create);
  expect(await call(method.createProduct, create)).toEqual(first);
  expect((await refusal(call(method.createProduct, { ...create, product: { ...create.product, taxRateBp: 100 } }))).code).toBe('ALREADY_EXISTS');
  const { etag } = await call(method.updateProduct, { product: { id: first.id, taxRateBp: 300, etag: first.etag }, requestId: 'r2' });
  expect(etag).toBe('v2');
  expect((await call(method.updateProduct, { product: { id: first.id, taxRateBp: 300, etag: first.etag }, requestId: 'r2' })).etag).toBe('v2');
  expect((await refusal(call(method.updateProduct, { product: { id: first.id, taxRateBp: 301 }, requestId: 'r2' }))).code).toBe('REQUEST_ID_REUSED');
  expect((await refusal(call(method.updateProduct, { product: { id: first.id, taxRateBp: 500, etag: 'v1' } }))).code).toBe('ETAG_MISMATCH');
  expect((await call(method.updateProduct, { product: { id: first.id, taxRateBp: 500 }, validateOnly: true })).version).toBe(3);
  expect((await call(method.getProduct, { id: first.id })).version).toBe(2);
});

it('names every wrong field with its pointer', async () => {
  const { admin: call } = await sold();
  const failure = await refusal(call(method.createProduct, {
    product: { kind: ProductKind.TOP_UP, name: {}, currency: 'XQZ', faceValue: '1.0000001', taxRateBp: 20_000, topUp: { provider: '', accountFields: [{ name: 'phone', label: { zh: '手机' }, pattern: '(' }] } },
  }));
  expect(failure.code).toBe('INVALID_REQUEST');
  expect(failure.more.fields!.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    '/product/currency CURRENCY_UNKNOWN', '/product/name FIELD_REQUIRED', '/product/faceValue DECIMAL_INVALID', '/product/taxRateBp OUT_OF_RANGE',
    '/product/businessLine FIELD_REQUIRED', '/product/topUp/provider FIELD_REQUIRED', '/product/topUp/accountFields/0/pattern PATTERN_INVALID',
  ]);
  const tree = await refusal(call(method.createListing, { listing: { channelId: 'chn_gone', productId: 'prd_gone' } }));
  expect(tree.more.fields!.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(['/listing/channelId REFERENCE_UNKNOWN', '/listing/productId REFERENCE_UNKNOWN']);
});

it('shows a channel its own listings and prices without cost, and nothing of others', async () => {
  const { app, other, admin } = await sold();
  expect(await app(method.getProduct, { id: 'prd_month' })).toMatchObject({ supplierId: '', name: { zh: '月卡' } });
  expect((await app(method.listPriceLists, {})).priceLists).toMatchObject([{ id: 'plt_app', entries: [{ unitPrice: '9.90', floor: '' }] }]);
  for (const call of [
    other(method.getProduct, { id: 'prd_month' }), other(method.getProduct, { id: 'prd_gone' }), other(method.getListing, { id: 'lst_app' }),
    other(method.getChannel, { id: 'chn_app' }), other(method.getSupplier, { id: 'sup_video' }), other(method.getPriceList, { id: 'plt_app' }),
  ]) expect((await refusal(call)).code).toBe('NOT_FOUND');
  expect((await other(method.listProducts, {})).products).toEqual([]);
  await admin(method.createProductGroup, { productGroup: { id: 'pgr_video', name: { zh: '视频' } } });
  const groups = async (call: typeof app) => (await call(method.listProductGroups, {})).productGroups.map(({ id }) => id);
  expect([await groups(admin), await groups(app)]).toEqual([['pgr_video'], []]);
  await admin(method.updateProduct, { product: { id: 'prd_month', groupId: 'pgr_video' } });
  expect([await groups(app), await groups(other)]).toEqual([['pgr_video'], []]);
});

it('promises a quoted price for some seconds, whatever the catalogue says by then', async () => {
  const { app, admin: call, internal, ports } = await sold();
  const quote = await app(method.quotePrice, { channelId: 'chn_other', lines: [{ productId: 'prd_month', quantity: 12 }], hold: true });
  expect(quote).toMatchObject({ total: { minor: 11400n, display: '114.00' }, lines: [{ unitPrice: '9.50', tax: { minor: 645n }, explanation: { basePrice: '9.90', tierMinQuantity: 10 } }] });
  await call(method.updatePriceList, { priceList: { id: 'plt_app', entries: [{ productId: 'prd_month', unitPrice: '20' }] } });
  const now = (): bigint => BigInt(ports.clock.now());
  const quoted = { quoteId: quote.quoteId, atMs: now() };
  expect(await internal(CatalogTermsService.method.priceOrder, ask(12, { ...quoted, lines: [{ lineId: 'x', productId: 'prd_month', quantity: 12 }] }))).toMatchObject({ rejection: '', total: { minor: 11400n }, lines: [{ lineId: 'x' }] });
  expect((await internal(CatalogTermsService.method.priceOrder, ask(13, quoted))).rejection).toBe('QUOTE_DIFFERS');
  await ports.clock.advance(31_000);
  expect((await internal(CatalogTermsService.method.priceOrder, ask(12, { ...quoted, atMs: now() }))).rejection).toBe('QUOTE_EXPIRED');
});

it('applies a document, says beforehand what it would change, and changes nothing the second time', async () => {
  const { admin: call } = await sold();
  const document = {
    products: [
      { id: 'prd_month', kind: ProductKind.CODE, name: { zh: '月卡', en: 'Month' }, businessLine: 'video', taxRateBp: 1300, supplierId: 'sup_video', faceValue: '15' },
      { id: 'prd_twin', kind: ProductKind.CODE, name: { zh: '月卡', en: 'Month' }, businessLine: 'video' },
    ],
    listings: [{ id: 'lst_twin', channelId: 'chn_app', productId: 'prd_twin' }],
  };
  const dry = await call(method.applyCatalog, { document, validateOnly: true });
  expect(dry).toMatchObject({ created: 2, revised: 1, unchanged: 0, problems: [] });
  expect(dry.changes[0]).toMatchObject({ id: 'prd_month', action: ApplyCatalogResponse_Action.REVISE, fields: [{ path: 'taxRateBp', before: '600', after: '1300' }] });
  expect((await call(method.getProduct, { id: 'prd_month' })).version).toBe(1);
  expect(await call(method.applyCatalog, { document })).toMatchObject({ created: 2, revised: 1 });
  expect(await call(method.applyCatalog, { document })).toMatchObject({ created: 0, revised: 0, unchanged: 3 });
});

it('changes nothing by a document that has a problem, and names all of them', async () => {
  const { admin: call } = await sold();
  const document = {
    channels: [{ id: 'chn_app', name: { zh: '自有应用' }, settlement: SettlementMode.PREPAID, parentId: 'chn_other' }, { id: 'chn_new', name: { zh: '新' } }],
    products: [{ id: 'prd_new', kind: ProductKind.CODE, name: { zh: '新' }, businessLine: 'x' }, { id: 'prd_new', kind: ProductKind.CODE, name: { zh: '新' }, businessLine: 'x' }],
    priceLists: [{ id: 'plt_new', name: { zh: '价' }, channelId: 'chn_gone', entries: [{ productId: 'prd_new', unitPrice: 'x' }] }],
  };
  const failure = await refusal(call(method.applyCatalog, { document }));
  expect(failure.more.fields!.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
    '/document/channels/0/parentId FIELD_IMMUTABLE', '/document/channels/1/settlement ROOT_MUST_SETTLE', '/document/priceLists/0/entries/0/unitPrice DECIMAL_INVALID', '/document/products/1/id ID_TWICE',
  ]);
  expect((await call(method.applyCatalog, { document, validateOnly: true })).problems).toHaveLength(4);
  expect((await refusal(call(method.getProduct, { id: 'prd_new' }))).code).toBe('NOT_FOUND');
});

it('lists by pages, filtered and in either order, and refuses what it does not understand', async () => {
  const { admin: call } = await sold();
  for (const n of [1, 2, 3]) await call(method.createProduct, { product: { id: `prd_n${n}`, kind: n === 2 ? ProductKind.LINK : ProductKind.CODE, name: { zh: '同名' }, businessLine: 'x' } });
  const first = await call(method.listProducts, { pageSize: 2 });
  const second = await call(method.listProducts, { pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.products, ...second.products].map(({ id }) => id)).toEqual(['prd_month', 'prd_n1', 'prd_n2', 'prd_n3']);
  expect(second.nextPageToken).toBe('');
  const ids = async (filter: string, orderBy = '') => (await call(method.listProducts, { filter, orderBy })).products.map(({ id }) => id);
  expect(await ids('kind = "PRODUCT_KIND_CODE" AND business_line = "x"')).toEqual(['prd_n1', 'prd_n3']);
  expect(await ids('withdrawn = false AND taxRateBp = 600')).toEqual(['prd_month']);
  expect(await ids('', 'id desc')).toEqual(['prd_n3', 'prd_n2', 'prd_n1', 'prd_month']);
  const codes = await Promise.all([{ filter: 'nonsense = 1' }, { filter: 'kind > 3' }, { orderBy: 'name' }, { pageToken: 'x' }].map(async (page) => (await refusal(call(method.listProducts, page))).code));
  expect(codes).toEqual(['FILTER_INVALID', 'FILTER_INVALID', 'FILTER_INVALID', 'PAGE_TOKEN_INVALID']);
});

it('changes only what the mask names, clears what is left out under it, and refuses a path that is not there', async () => {
  const { admin: call } = await sold();
  const update = (product: object, ...paths: string[]) => call(method.updateProduct, { product: { id: 'prd_month', ...product }, updateMask: { paths } });
  expect(await update({ taxRateBp: 1300, businessLine: 'other' }, 'tax_rate_bp')).toMatchObject({ taxRateBp: 1300, businessLine: 'video', faceValue: '15.00' });
  expect(await update({}, 'face_value')).toMatchObject({ faceValue: '0.00' });
  expect((await refusal(update({}, 'no_such_field'))).code).toBe('MASK_INVALID');
  const frozen = await refusal(update({ currency: 'USD' }, 'currency'));
  expect([frozen.code, frozen.details['field']]).toEqual(['FIELD_IMMUTABLE', 'currency']);
});

it('keeps tills in their store’s stream and tells redemption where they stand', async () => {
  const { admin: call, internal } = await sold();
  await call(method.createStore, { store: { id: 'sto_a', name: { zh: '店' }, merchantId: 'mer_a', commissionBp: 500 } });
  await call(method.createTerminal, { terminal: { id: 'trm_a', storeId: 'sto_a', name: { zh: '一号' }, scenes: ['counter'] } });
  expect(await internal(CatalogTermsService.method.getTerminalTerms, { terminalId: 'trm_a' })).toMatchObject({
    found: true, storeId: 'sto_a', zone: 'Asia/Shanghai', scenes: ['counter'], active: true, merchantId: 'mer_a', commissionBp: 500, bookId: 'bok_main',
  });
  expect((await call(method.updateTerminal, { terminal: { id: 'trm_a', suspended: true } })).version).toBe(2);
  expect(await call(method.getTerminal, { id: 'trm_a', version: 1 })).toMatchObject({ suspended: false });
  expect(await internal(CatalogTermsService.method.getTerminalTerms, { terminalId: 'trm_a' })).toMatchObject({ active: false });
  expect(await internal(CatalogTermsService.method.getTerminalTerms, { terminalId: 'trm_gone' })).toMatchObject({ found: false });
  expect(await internal(CatalogTermsService.method.getBookTerms, { bookId: 'bok_main' })).toMatchObject({ found: true, zone: 'Asia/Shanghai', cutOffMinute: 0 });
});
