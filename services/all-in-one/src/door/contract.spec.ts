import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type DescField, type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import { PERMISSIONS, ROLES } from '@vouchsafe/access';
import { access, Audience } from '@vouchsafe/proto/common/v1/options';
import { PUBLIC_SERVICES } from '../public-services.js';

const PROTO = path.resolve(__dirname, '../../../../proto');

/** Every service that any .proto file of ours declares, found in the files themselves. */
const declared = async (): Promise<readonly DescService[]> => {
  const files = readdirSync(path.join(PROTO, 'vouchsafe'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
  const services: DescService[] = [];
  for (const file of files) {
    const names = [...readFileSync(path.join(PROTO, 'vouchsafe', file), 'utf8').matchAll(/^service (\w+)/gm)].map(([, name]) => name!);
    if (names.length === 0) continue;
    const module = (await import(`@vouchsafe/proto/${file.slice(0, -'.proto'.length)}`)) as Readonly<Record<string, DescService>>;
    services.push(...names.map((name) => module[name]!));
  }
  return services;
};
const nameOf = (method: DescMethod): string => `${method.parent.name}/${method.name}`;
const methodsOf = (services: readonly DescService[]): readonly DescMethod[] => services.flatMap(({ methods }) => methods);
const fieldNames = ({ input }: DescMethod): readonly string[] => input.fields.map((field: DescField) => field.name);

describe('the contract', () => {
  it('declares for every rpc of every file who may call it', async () => {
    const methods = methodsOf(await declared());
    expect(methods.length).toBeGreaterThan(120);
    const without = methods.filter((method) => {
      if (!hasOption(method, access)) return true;
      const { permission, audience } = getOption(method, access);
      return permission === '' && audience === Audience.UNSPECIFIED;
    });
    expect(without.map(nameOf)).toEqual([]);
  });

  it('serves every public service and no internal method', async () => {
    const all = await declared();
    const isInternal = ({ methods }: DescService): boolean => methods.every((method) => getOption(method, access).audience === Audience.INTERNAL);
    expect(all.filter((service) => !isInternal(service)).map(({ typeName }) => typeName).sort()).toEqual(PUBLIC_SERVICES.map(({ typeName }) => typeName).sort());
    expect(methodsOf(PUBLIC_SERVICES).filter((method) => getOption(method, access).audience === Audience.INTERNAL)).toEqual([]);
  });

  it('asks only for permissions that there are, and somebody can hold each', () => {
    const asked = new Set(methodsOf(PUBLIC_SERVICES).map((method) => getOption(method, access).permission).filter((permission) => permission !== ''));
    const held = new Set(Object.values(ROLES).flatMap(({ permissions }) => [...permissions]));
    expect([...asked].filter((permission) => !PERMISSIONS.some((known) => known === permission))).toEqual([]);
    expect([...asked].filter((permission) => ![...held].some((known) => known === permission))).toEqual([]);
  });

  it('opens one door to everybody: the notices of payment providers', () => {
    expect(methodsOf(PUBLIC_SERVICES).filter((method) => getOption(method, access).audience === Audience.PUBLIC).map(nameOf)).toEqual(['PaymentService/NotifyPayment']);
    expect(methodsOf(PUBLIC_SERVICES).filter((method) => getOption(method, access).audience === Audience.PRINCIPALS).map(nameOf)).toEqual(['AccessService/GetCaller']);
  });

  it('asks two persons for what one must not do alone', () => {
    expect(methodsOf(PUBLIC_SERVICES).filter((method) => getOption(method, access).twoPersons).map(nameOf).sort()).toEqual([
      'AccessService/EraseSubject', 'FulfillmentService/BreakGlassDisclose', 'InventoryService/EraseBatch', 'InventoryService/ExportSecrets', 'LedgerService/CreateAdjustment',
      'LedgerService/CreateDeposit', 'LedgerService/RecordReceipt', 'LedgerService/UpdateCreditLimit', 'LedgerService/WithdrawDeposit', 'OrderService/CreateLargeRefund',
    ]);
  });

  it('gives every mutation an idempotency key, and a dry run where one makes sense', () => {
    const mutations = methodsOf(PUBLIC_SERVICES).filter((method) => getOption(method, access).mutation);
    const keyless = mutations.filter((method) => !fieldNames(method).includes('request_id')).map(nameOf).sort();
    // Orders have their number, a till its sequence, an upload its offset, a provider's notice its event id.
    expect(keyless).toEqual(['InventoryService/ImportCodes', 'OrderService/BatchPlaceOrders', 'OrderService/PlaceOrder', 'OrderService/StreamOrders', 'PaymentService/NotifyPayment']);
    const wet = mutations.filter((method) => !fieldNames(method).includes('validate_only')).map(nameOf).sort();
    // Batches and streams hold requests that have one each; what discloses or notes cannot be tried without doing it.
    expect(wet).toEqual([
      'FulfillmentService/BreakGlassDisclose', 'FulfillmentService/DiscloseSecrets', 'InventoryService/ImportCodes', 'OrderService/BatchPlaceOrders', 'OrderService/StreamOrders',
      'PaymentService/NotifyPayment', 'RedemptionService/LookupVoucher',
    ]);
  });

  it('marks as mutation whatever is not only read', () => {
    const reads = methodsOf(PUBLIC_SERVICES).filter((method) => !getOption(method, access).mutation).map(nameOf);
    expect(reads.filter((name) => !/\/(Get|List|Watch|Read|Quote|Assess|Check|Export)/.test(name))).toEqual([]);
  });
});
