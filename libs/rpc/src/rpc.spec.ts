import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ShapeError } from '@vouchsafe/codec';
import { Bug, Fault, instant } from '@vouchsafe/kernel';
import { CatalogTermsService, PriceOrderRequestSchema, PriceOrderResponseSchema } from '@vouchsafe/proto/catalog/internal/v1/terms';
import fc from 'fast-check';
import { commonErrors, copyMessage, errorBook, grpcStatusOf, type Handlers, inProcessRpc, localeOf, problemOf, readGrpcStatus, refusalOf, RpcFailure, serviceCaller } from './index.js';

const context = { caller: serviceCaller('test', 'sandbox'), requestId: 'req_1', deadline: instant(1_000), locale: 'en' } as const;
const facts = { book: errorBook([]), locale: 'en', requestId: 'req_1' } as const;
const method = CatalogTermsService.method.priceOrder;
const anAnswer = { lines: [{ lineId: 'l1', quantity: 2, unitMicros: 12n, gross: { currency: 'CNY', minor: 24n }, usage: { weekdays: [1, 7] } }], details: { a: 'b' } };

const serving = (answer: () => object) => {
  const rpc = inProcessRpc();
  const seen: unknown[] = [];
  const refuse = async (): Promise<never> => { throw new RpcFailure('missing', 'NOT_FOUND'); };
  const handlers: Record<string, unknown> = Object.fromEntries(CatalogTermsService.methods.map(({ localName }) => [localName, refuse]));
  handlers.priceOrder = async (request: unknown) => { seen.push(request); return answer(); };
  rpc.serve(CatalogTermsService, handlers as Handlers<typeof CatalogTermsService>);
  return { rpc, seen };
};

describe('a call within the process', () => {
  it('hands over what its bytes would have held, and shares nothing with the caller or the handler', async () => {
    const mine = structuredClone(anAnswer);
    const { rpc, seen } = serving(() => mine);
    const line = { lineId: 'l1', productId: 'prd_1', quantity: 2 };
    const answer = await rpc.call(method, { channelId: 'chn_1', lines: [line] }, context);
    expect(answer).toEqual(fromBinary(PriceOrderResponseSchema, toBinary(PriceOrderResponseSchema, create(PriceOrderResponseSchema, anAnswer))));
    expect(seen).toEqual([create(PriceOrderRequestSchema, { channelId: 'chn_1', lines: [line] })]);
    mine.lines[0]!.gross.minor = 1n;
    line.quantity = 9;
    expect(answer.lines[0]!.gross!.minor).toBe(24n);
    expect((seen[0] as { lines: { quantity: number }[] }).lines[0]!.quantity).toBe(2);
  });

  it('copies any message exactly as its bytes would', () => {
    const money = fc.record({ currency: fc.string(), minor: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) });
    const line = fc.record({ lineId: fc.string(), quantity: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), agent: fc.boolean(), kind: fc.constantFrom(0, 1, 4), gross: fc.option(money, { nil: undefined }) });
    fc.assert(fc.property(fc.record({ rejection: fc.string(), details: fc.dictionary(fc.string(), fc.string()), lines: fc.array(line), total: money }), (init) => {
      const wellFormed = JSON.stringify(init, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)).isWellFormed();
      fc.pre(wellFormed);
      const through = fromBinary(PriceOrderResponseSchema, toBinary(PriceOrderResponseSchema, create(PriceOrderResponseSchema, init)));
      expect(copyMessage(PriceOrderResponseSchema, init)).toEqual(through);
    }));
  });

  it('names the field of an answer whose type is wrong, as a bug of the service', async () => {
    const { rpc } = serving(() => ({ lines: [{ quantity: 2 ** 40 }] }));
    await expect(rpc.call(method, {}, context)).rejects.toThrow(new Bug('vouchsafe.catalog.internal.v1.PricedLine.quantity: expected an int32'));
  });

  it('is UNAVAILABLE where nobody serves the method', async () => {
    await expect(inProcessRpc().call(method, {}, context)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a call by bytes', () => {
  it('answers the bytes of the handler’s answer', async () => {
    const { rpc } = serving(() => anAnswer);
    const answer = await rpc.callBytes(method, toBinary(PriceOrderRequestSchema, create(PriceOrderRequestSchema, { channelId: 'chn_1' })), context);
    expect(fromBinary(PriceOrderResponseSchema, answer)).toEqual(create(PriceOrderResponseSchema, anAnswer));
  });

  it('refuses broken bytes, and a field it does not know, wherever it lies, by name', async () => {
    const { rpc, seen } = serving(() => anAnswer);
    await expect(rpc.callBytes(method, Uint8Array.of(0x0a, 0xff), context)).rejects.toMatchObject({ kind: 'invalid', code: 'REQUEST_MALFORMED' });
    const alien = Uint8Array.of(0x12, 0x03, 0xf8, 0x01, 0x05); // lines[0] with field 31
    await expect(rpc.callBytes(method, alien, context)).rejects.toMatchObject({ code: 'FIELD_UNKNOWN', more: { fields: [{ pointer: '/lines/0/#31' }] } });
    expect(seen).toEqual([]);
  });
});

describe('a failure at the rim', () => {
  it('stays small, however large the request that it answers', () => {
    const field = { pointer: '/lines', code: 'FIELD_INVALID', zh: '有误', en: 'wrong' };
    const refusal = refusalOf(new RpcFailure('invalid', 'FILTER_INVALID', { at: '🧨'.repeat(50_000), short: 'as it was' }, { fields: Array.from({ length: 500 }, () => field) }));
    expect(refusal.fields).toHaveLength(20);
    expect(refusal.details.short).toBe('as it was');
    expect([refusal.details.at!.length < 300, refusal.details.at!.isWellFormed()]).toEqual([true, true]);
    const status = grpcStatusOf(refusal, facts);
    expect(JSON.stringify(status.metadata.toJSON()).length).toBeLessThan(30_000);
    expect(readGrpcStatus(status).fields).toHaveLength(20);
  });
  it('tells a wait in whole milliseconds, whatever the clock that measured it', () => {
    const refusal = refusalOf(new RpcFailure('throttled', 'BUSY', {}, { retryAfterMs: 966_099.858_000_001_4 }));
    expect(refusal.retryAfterMs).toBe(966_100);
    expect(readGrpcStatus(grpcStatusOf(refusal, { book: errorBook([]), locale: 'en', requestId: 'req_1' })).retryAfterMs).toBe(966_100);
    expect(refusalOf(new RpcFailure('throttled', 'BUSY', {}, { retryAfterMs: -0.5 })).retryAfterMs).toBe(0);
  });
  it('keeps kind, code, details, fields and the time to wait, and a client reads them back', () => {
    const field = { pointer: '/lines/0/quantity', code: 'TOO_MANY', zh: '太多', en: 'Too many.' };
    const refusal = refusalOf(new RpcFailure('throttled', 'BUSY', { queue: '9' }, { fields: [field], retryAfterMs: 1_500 }));
    const status = grpcStatusOf(refusal, facts);
    expect(status.code).toBe(8);
    expect(readGrpcStatus(status)).toEqual({ code: 'BUSY', details: { queue: '9', requestId: 'req_1' }, fields: [field], retryAfterMs: 1_500 });
    expect(status.metadata.get('retry-after')).toEqual(['2']);
  });

  it('tells nothing of a bug but INTERNAL and the ids', () => {
    const problem = problemOf(refusalOf(new Bug('stream order-1 is odd')), { ...facts, traceId: 't1' });
    expect(problem).toEqual({
      type: '/docs/errors#INTERNAL', title: commonErrors.INTERNAL.en, status: 500, detail: commonErrors.INTERNAL.remedyEn, code: 'INTERNAL', details: {},
      requestId: 'req_1', traceId: 't1', errors: [],
      messages: { zh: { title: commonErrors.INTERNAL.zh, remedy: commonErrors.INTERNAL.remedyZh }, en: { title: commonErrors.INTERNAL.en, remedy: commonErrors.INTERNAL.remedyEn } },
    });
  });

  it.each([
    [new Fault('ABORTED', 'order-1 contended'), 'aborted', 'ABORTED'],
    [new Fault('STORE_READ_ONLY', '/data is full'), 'unavailable', 'STORE_READ_ONLY'],
    [new Fault('DEADLINE_EXCEEDED', 'late'), 'deadline', 'DEADLINE_EXCEEDED'],
    [new DOMException('stop', 'AbortError'), 'cancelled', 'CANCELLED'],
    ['a thrown string', 'internal', 'INTERNAL'],
  ])('%p is %s', (error, kind, code) => {
    const refusal = refusalOf(error);
    expect([refusal.kind, refusal.code]).toEqual([kind, code]);
    expect(JSON.stringify(problemOf(refusal, facts))).not.toMatch(/order-1|data is full/);
  });

  it('points at the field a shape did not accept', () => {
    expect(refusalOf(new ShapeError('lines[2].price.minor', 'a decimal string'))).toMatchObject({ kind: 'invalid', fields: [{ pointer: '/lines/2/price/minor' }] });
  });

  it('has the words of its kind where services mean different things by one code', () => {
    const words = (kind: 'missing' | 'refused', text: string) => ({ PRODUCT_UNKNOWN: { kind, zh: text, en: text, remedyZh: text, remedyEn: text } });
    const book = errorBook([words('missing', 'asked for'), words('refused', 'ordered'), words('missing', 'again')]);
    expect((['missing', 'refused'] as const).map((kind) => book.words({ kind, code: 'PRODUCT_UNKNOWN' }, 'en').title)).toEqual(['asked for', 'ordered']);
    expect(book.words({ kind: 'missing', code: 'NOBODY_LISTED_THIS' }, 'en').title).toBe(commonErrors.NOT_FOUND.en);
  });

  it('speaks the language that was asked for', () => {
    expect([undefined, 'en-GB, zh;q=0.5', 'zh-CN', 'de, en;q=0.4', 'en;q=0, zh', 'fr'].map(localeOf)).toEqual(['zh', 'en', 'zh', 'en', 'zh', 'zh']);
  });
});
