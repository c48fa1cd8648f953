import { create, type DescField, type DescMethod, getOption, ScalarType, toBinary } from '@bufbuild/protobuf';
import { ROLES } from '@vouchsafe/access';
import { PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { ChannelSchema, ListingSchema, PriceListSchema, ProductSchema, SupplierSchema } from '@vouchsafe/proto/catalog/v1/resources';
import { access } from '@vouchsafe/proto/common/v1/options';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import type { FieldError } from '@vouchsafe/rpc';
import { recordedLog } from '@vouchsafe/testing';
import { PUBLIC_SERVICES } from '../public-services.js';
import { allFields, evilFor, withEvil } from './testing/evil.js';
import { codesOf, Premises } from './testing/premises.js';
import { type FieldPath, httpForm, type Own, pathText, requestWith } from './testing/requests.js';
import { liveliness } from './testing/street.js';
import { overHttp } from './testing/wire.js';

const methods = PUBLIC_SERVICES.flatMap(({ methods: all }) => all);
const AT_ONCE = 12;
/** Of each field this many of the odd values, others with every field, so that all are tried somewhere. */
const EACH = process.env.VOUCHSAFE_LONG === '1' ? 30 : 3;
/** Statuses that are our fault: cancelled, unknown, too late, unimplemented, internal, unavailable, lost. */
const OURS = [1, 2, 4, 12, 13, 14, 15];
type Try = { readonly method: DescMethod; readonly path: FieldPath; readonly value: unknown };

const tries: readonly Try[] = methods.filter(({ name }) => !/^(ReadEvents|WatchOrder)$/.test(name)).flatMap((method, m) => allFields(method.input).flatMap((path, p) => {
  const values = evilFor(path[path.length - 1]!);
  return Array.from({ length: Math.min(EACH, values.length) }, (_, i) => ({ method, path, value: values[(i + m + p) % values.length] }));
}));
const brief = (value: unknown): string => JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))?.slice(0, 60) ?? 'undefined';

describe('nonsense', () => {
  const log = recordedLog();
  let premises: Premises;
  let own: Own;
  let nth = 0;
  beforeAll(async () => {
    premises = await Premises.open({ log });
    const { platform, chn_corp: mine } = await liveliness(premises);
    own = Object.fromEntries(Object.entries({ ...platform, ...mine }).map(([field, [first]]) => [field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), first!]));
    await premises.hire('keeper', { roles: ['custodian'] });
  }, 20_000);
  afterAll(() => premises.close());

  const whoFor = (method: DescMethod): string => {
    const { permission } = getOption(method, access);
    const holds = (role: keyof typeof ROLES): boolean => ROLES[role].permissions.some((held) => held === permission);
    return permission === '' || holds('admin') ? 'admin' : holds('channel') ? 'chn_corp' : holds('terminal') ? 'trm_lake-1' : 'keeper';
  };
  const all = async (work: (one: Try) => Promise<readonly string[]>, list: readonly Try[]): Promise<readonly string[]> => {
    const left = [...list];
    const found: string[] = [];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let one = left.shift(); one; one = left.shift()) found.push(...(await work(one)));
    }));
    return [...new Set(found)];
  };

  it('in any one field of any request is refused in time, with the field, a code and words in both languages, or harmless', async () => {
    expect(tries.length).toBeGreaterThan(2_000);
    const wrong = await all(async ({ method, path, value }) => {
      const request = withEvil(method, requestWith(method, [], '', { own, isFull: true, nth: ++nth }), path, value);
      const told = await premises.wire.send(method, [bytesOf(method, request)], premises.as(whoFor(method)), 10_000);
      const what = `${method.name} ${pathText(path)} = ${brief(value)}: ${told.status} ${told.code}`;
      // Its deadline passed, where it takes longer than anybody waits: that is ours as well.
      if (OURS.includes(told.status)) return [`${what} ${told.text.slice(0, 80)}`];
      // What the books cannot take has its reason in the details, for it is no single field's.
      if (told.status === 3 && told.code !== 'FACT_INVALID') return told.fields.length > 0 && told.fields.every(isWhole) ? [] : [`${what} names no field`];
      return [];
    }, tries.filter(({ method, path, value }) => canBeWritten(method, path, value)));
    expect(wrong).toEqual([]);
  }, 90_000);

  it('of a wrong JSON type is refused by its pointer', async () => {
    const wrong = await all(async ({ method, path, value }) => {
      const form = httpForm(method, requestWith(method, [], '', { own, isFull: true, nth: ++nth }));
      if (!form?.body) return [];
      const [field] = path;
      const body = JSON.stringify({ ...(JSON.parse(form.body) as object), [field!.name]: value }).replace('"\\\\ud800"', '"\\ud800"');
      const { status, json } = await overHttp(premises.platform.http, form.verb, form.path, { body, headers: premises.as(whoFor(method)) });
      const errors = (json['errors'] ?? []) as readonly FieldError[];
      const isTold = status === 400 && errors.some(({ pointer }) => [field!.name, field!.jsonName].some((name) => pointer === `/${name}` || pointer.startsWith(`/${name}/`))) && errors.every(isWhole) && typeof json['requestId'] === 'string';
      return isTold ? [] : [`${method.name} ${field!.name} = ${brief(value)}: ${status} ${JSON.stringify(json).slice(0, 200)}`];
    }, methods.flatMap((method) => method.input.fields.flatMap((field) => wrongTypes(field).map((value) => ({ method, path: [field], value })))));
    expect(wrong).toEqual([]);
  }, 60_000);

  it('that is no message at all is refused by every method', async () => {
    const wrong = await Promise.all(methods.flatMap((method) => [new Uint8Array([0xff, 0xff, 0xff]), Buffer.from('{"a":1}')].map(async (bytes) => {
      const told = await premises.wire.send(method, [bytes], premises.as(whoFor(method)), 5_000);
      return told.status === 3 && /^(REQUEST_MALFORMED|FIELD_UNKNOWN)$/.test(told.code) ? [] : [`${method.name}: ${told.status} ${told.code} ${told.json}`];
    })));
    expect(wrong.flat()).toEqual([]);
  });

  it('with fields that do not exist is refused, however deep they lie', async () => {
    const line = Buffer.from(toBinary(OrderService.method.placeOrder.input, create(OrderService.method.placeOrder.input, { number: 'U-1', lines: [{ productId: 'prd_video-month', quantity: 1 }] })));
    const deep = Buffer.concat([line, Buffer.from([0x12, 0x03, 0xf8, 0x06, 0x01])]); // another line with field 111
    const told = await premises.wire.send(OrderService.method.placeOrder, [deep], premises.as('chn_corp'));
    expect([told.status, told.code, told.fields.map(({ pointer }) => pointer)]).toEqual([3, 'FIELD_UNKNOWN', ['/lines/1/#111']]);
    const page = await premises.http('POST', '/v1/orders', 'chn_corp', { body: { number: 'U-1', lines: [{ productId: 'prd_video-month', quantity: 1, colour: 'red' }], nope: 1 } });
    expect([page.status, (page.json['errors'] as readonly FieldError[]).map(({ pointer }) => pointer).sort()]).toEqual([400, ['/lines/0/colour', '/nope']]);
  });

  it('left the platform whole: nothing stands still, nothing was a bug of ours, the books balance, and it starts again', async () => {
    const complaints = log.lines.filter(({ level, message }) => level === 'error' || (level === 'warn' && !/key-encryption key|destroyed the key/.test(message)));
    expect(complaints).toEqual([]);
    await premises.restart();
    const { wire } = premises;
    await premises.until(() => wire.get(AuditService.method.getIntegrity, {}, premises.as('admin')), ({ viewsCaughtUp }) => viewsCaughtUp);
    for (const { balance } of (await wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'))).totals) expect(balance?.minor).toBe(0n);
    // On a channel and a product that nobody played with.
    await premises.furnish((document) => {
      document.channels = [create(ChannelSchema, { ...document.channels.find(({ id }) => id === 'chn_dist')!, id: 'chn_new' })];
      document.products = [create(ProductSchema, { ...document.products.find(({ id }) => id === 'prd_video-month')!, id: 'prd_new', supplierId: 'sup_new', groupId: '' })];
      document.suppliers = [create(SupplierSchema, { ...document.suppliers.find(({ id }) => id === 'sup_video')!, id: 'sup_new' })];
      document.priceLists = [create(PriceListSchema, { id: 'plt_new', name: { zh: '新', en: 'New' }, channelId: 'chn_new', entries: [{ productId: 'prd_new', unitPrice: '9.90' }] })];
      document.listings = [create(ListingSchema, { id: 'lst_new', channelId: 'chn_new', productId: 'prd_new' })];
      document.stores = [];
      document.terminals = [];
    }, 'chn_new');
    await premises.stock('prd_new', 'sup_new', codesOf('AFTER', 2));
    await premises.hire('chn_new', { kind: PrincipalKind.CHANNEL, channelId: 'chn_new' });
    const order = await premises.order('chn_new', { number: 'AFTER', lines: [{ productId: 'prd_new', quantity: 1 }] });
    expect(order.state).toBe(OrderState.COMPLETED);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 30_000);
});

const isWhole = ({ pointer, code, zh, en }: FieldError): boolean => pointer.startsWith('/') && /^[A-Z][A-Z0-9_]+$/.test(code) && /[一-鿿]/.test(zh) && /[a-z]/i.test(en);
const bytesOf = (method: DescMethod, request: ReturnType<typeof withEvil>): Uint8Array => toBinary(method.input, request);
/** Some values cannot even be written by a client that knows the message. */
const canBeWritten = (method: DescMethod, path: FieldPath, value: unknown): boolean => {
  try {
    toBinary(method.input, withEvil(method, create(method.input), path, value));
    return true;
  } catch {
    return false;
  }
};
const wrongTypes = (field: DescField): readonly unknown[] => {
  if (field.fieldKind === 'list') return ['text', 1, {}];
  if (field.fieldKind === 'map' || (field.message && !/Timestamp|Duration|FieldMask/.test(field.message.typeName))) return ['text', 1, []];
  if (field.message) return [1, {}, 'yesterday'.repeat(field.message.typeName.endsWith('FieldMask') ? 0 : 1) || 7];
  if (field.enum) return ['NO_SUCH_VALUE', {}, 4_711];
  switch (field.scalar) {
    case ScalarType.STRING: return [1, true, {}, [], '\\ud800'];
    case ScalarType.BOOL: return ['yes', 1];
    case ScalarType.BYTES: return [1, '%%%'];
    default: return ['text', true, 1e30, '12345678901234567890123', {}];
  }
};
