import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromJson } from '@bufbuild/protobuf';
import { plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { type CallContext, isRpcFailure } from '@vouchsafe/rpc';
import { testPorts } from '@vouchsafe/testing';
import { parse } from 'yaml';
import { carrierBenefits } from './application/carrier-benefits.js';
import { catalogConfig, createCatalog } from './index.js';

const ROOT = path.resolve(__dirname, '../../..');
const SHARED = process.env['VOUCHSAFE_SHARED'] ?? path.resolve(ROOT, '../shared');
const CARRIER = path.join(SHARED, 'data/catalog/cn_carrier_benefits_skus.json');
const { method } = CatalogService;

const started = async () => {
  const ports = testPorts();
  await createCatalog(ports, catalogConfig.parse({})).start();
  const context: CallContext = {
    caller: { principalId: 'pri_admin', kind: 'person', namespace: 'sandbox', permissions: new Set() }, requestId: 'req_1', deadline: plusMs(ports.clock.now(), 5_000), locale: 'en',
  };
  const price = (channelId: string, productId: string, quantity: number) =>
    ports.rpc.call(CatalogTermsService.method.priceOrder, { channelId, lines: [{ lineId: '1', productId, quantity }], atMs: BigInt(ports.clock.now()) }, context);
  return { rpc: ports.rpc, context, price };
};

it('applies the example catalogue: four kinds, a tree of channels, a chain of prices', async () => {
  const { rpc, context, price } = await started();
  const document = fromJson(CatalogDocumentSchema, parse(readFileSync(path.join(ROOT, 'deploy/examples/catalog.yaml'), 'utf8')));
  const first = await rpc.call(method.applyCatalog, { document }, context);
  expect(first).toMatchObject({ problems: [], revised: 0, unchanged: 0 });
  expect(await rpc.call(method.applyCatalog, { document }, context)).toMatchObject({ created: 0, revised: 0, unchanged: first.created });
  expect(new Set((await rpc.call(method.listProducts, { pageSize: 100 }, context)).products.map(({ kind }) => kind)).size).toBe(4);
  expect(await price('chn_dist.shop', 'prd_video-month', 100)).toMatchObject({
    rejection: '', settlement: SettlementMode.PREPAID, settlementChannelId: 'chn_dist', total: { minor: 210_000n },
    lines: [{ chain: [{ channelId: 'chn_dist', unitMicros: 19_500_000n, margin: { minor: 15_000n } }, { channelId: 'chn_dist.shop', margin: { minor: 0n } }] }],
  });
  expect(await price('chn_dist', 'prd_phone-10', 3)).toMatchObject({ total: { minor: 2960n }, lines: [{ kind: ProductKind.TOP_UP, agent: true, owedMicros: 9_750_000n, topUp: { face: { minor: 1000n } } }] });
  expect(await price('chn_app', 'prd_gift-100', 1)).toMatchObject({ settlement: SettlementMode.CONSUMER_PAY, paymentProvider: 'sandbox', paymentWindowMs: 900_000n });
});

const sku = (skuId: number, more: object) => ({
  packageId: 1, package: '尊享会员', tag: '通信权益', groupId: 9, group: '话费红包', itemId: 1, item: 'x', showTitle: 't', skuId, sku: `s${skuId}`, parValue: null, totalCycleNum: 6, takeMode: 2, ...more,
});

it('tells yuan from gigabytes by the title, whatever stands in the same column', () => {
  const { products } = carrierBenefits([
    sku(1, { showTitle: '1GB流量日包', parValue: 1 }), sku(2, { showTitle: '0.2元话费红包', parValue: 0.2 }), sku(3, { showTitle: '芒果TV' }), sku(4, { showTitle: '会员', tag: '主商品(隐藏)' }),
  ]) as { products: { kind: string; faceValue: string; topUp?: { providerSku: string } }[] };
  expect(products.map(({ kind, faceValue, topUp }) => [kind, faceValue, topUp?.providerSku])).toEqual([
    ['PRODUCT_KIND_TOP_UP', '0', 'data-1GB'], ['PRODUCT_KIND_TOP_UP', '0.2', 'phone-0.2'], ['PRODUCT_KIND_CODE', '0', undefined], ['PRODUCT_KIND_OWN_VOUCHER', '0', undefined],
  ]);
});

it('refuses a source that is none, naming the record and the field', async () => {
  const { rpc, context } = await started();
  const foreign = (json: string) => rpc.call(method.applyCatalog, { foreign: { format: 'cn_carrier_benefits', json } }, context).catch((error: unknown) => error);
  const pointers = async (json: string) => {
    const error = await foreign(json);
    if (!isRpcFailure(error)) throw error;
    return error.more.fields!.map(({ pointer, code }) => `${pointer} ${code}`);
  };
  expect(await pointers('[{')).toEqual(['/foreign/json JSON_INVALID']);
  expect(await pointers(JSON.stringify([sku(1, { showTitle: 7 })]))).toEqual(['/foreign/json/0/showTitle FIELD_REQUIRED']);
});

const data = existsSync(CARRIER) ? it : it.skip;
if (!existsSync(CARRIER)) process.stdout.write('skipped: the carrier benefits are not here (VOUCHSAFE_SHARED)\n');

data('applies nineteen real carrier benefits; five share a title and stay five products', async () => {
  const { rpc, context, price } = await started();
  await rpc.call(method.createChannel, { channel: { id: 'chn_app', name: { zh: '应用' }, settlement: SettlementMode.PREPAID } }, context);
  const ask = { foreign: { format: 'cn_carrier_benefits', json: readFileSync(CARRIER, 'utf8'), channelId: 'chn_app', price: '3.00' } };
  expect(await rpc.call(method.applyCatalog, { ...ask, validateOnly: true }, context)).toMatchObject({ problems: [], revised: 0 });
  const { created } = await rpc.call(method.applyCatalog, ask, context);
  expect(await rpc.call(method.applyCatalog, ask, context)).toMatchObject({ created: 0, revised: 0, unchanged: created });
  const { products } = await rpc.call(method.listProducts, { pageSize: 100 }, context);
  const count = (kind: ProductKind) => products.filter((product) => product.kind === kind).length;
  expect([products.length, count(ProductKind.TOP_UP), count(ProductKind.CODE), count(ProductKind.OWN_VOUCHER)]).toEqual([19, 10, 8, 1]);
  const dayPasses = products.filter(({ name }) => name?.zh === '1GB流量日包');
  expect(dayPasses.map(({ faceValue, labels }) => [faceValue, labels['sku']])).toEqual([1, 2, 3, 4, 5].map((n) => ['0.00', `1GB流量日包(${n})`]));
  expect(await price('chn_app', 'prd_cu.100090', 3)).toMatchObject({ total: { minor: 60n }, lines: [{ topUp: { face: { minor: 20n }, providerSku: 'phone-0.2' } }] });
  expect(await price('chn_app', 'prd_cu.100061', 1)).toMatchObject({ rejection: 'NOT_LISTED' });
});
