import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Bug, Fault, type Instant, plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService, PriceOrderRequestSchema, PriceOrderResponseSchema } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ImportCodesRequestSchema, ImportSchema } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { GetOrderRequestSchema, OrderSchema, OrderService, StreamOrdersRequestSchema, StreamOrdersResponseSchema } from '@vouchsafe/proto/order/v1/order';
import type { Caller, CallContext } from '../context.js';
import { RpcFailure } from '../failure.js';
import type { BytesRpc, Rpc } from '../port.js';
import { refusalOf } from '../refusal.js';
import { serveSome } from './serve-some.js';

/** Two sides of one adapter: what `server` serves, `caller` reaches. `now` is the time of deadlines. */
export type RpcUnderTest = { readonly server: Rpc; readonly caller: BytesRpc; readonly now: () => Instant; close(): Promise<void> };

const CHANNEL: Caller = { principalId: 'pri_shop', kind: 'channel', namespace: 'sandbox', channelId: 'chn_shop', credentialId: 'crd_1', permissions: new Set(['order:place', 'order:read']) };
const PATIENCE_MS = 20_000;
const { streamOrders, watchOrder, getOrder, placeOrder } = OrderService.method;
const { importCodes } = InventoryService.method;
const gate = <T = void>(): { readonly passed: Promise<T>; open(value: T): void } => {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { passed: promise, open: resolve };
};
async function* these<T>(...items: readonly T[]): AsyncIterable<T> {
  yield* items;
}
const listed = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

/** What every adapter of the {@link BytesRpc} port must keep. */
export const describeRpcContract = (name: string, make: () => Promise<RpcUnderTest>): void => {
  describe(`rpc contract: ${name}`, () => {
    let under: RpcUnderTest;
    const context = (more: Partial<CallContext> = {}): CallContext => ({ caller: CHANNEL, requestId: 'req_1', deadline: plusMs(under.now(), PATIENCE_MS), locale: 'en', ...more });
    beforeEach(async () => void (under = await make()));
    afterEach(() => under.close());

    describe('a call', () => {
      it('brings the request there and the answer back, whole', async () => {
        const seen: unknown[] = [];
        const answer = { lines: [{ lineId: 'l1', quantity: 2, unitMicros: 2n ** 60n, gross: { currency: 'CNY', minor: -24n } }], details: { 面额: '十' } };
        serveSome(under.server, CatalogTermsService, { priceOrder: async (request) => { seen.push(request); return answer; } });
        const asked = { channelId: 'chn_1', lines: [{ lineId: 'l1', productId: 'prd_1', quantity: 2 }], atMs: 1_767_225_600_000n };
        expect(await under.caller.call(CatalogTermsService.method.priceOrder, asked, context())).toEqual(create(PriceOrderResponseSchema, answer));
        expect(seen).toEqual([create(PriceOrderRequestSchema, asked)]);
      });

      it('tells who calls, which call it is, how long there is, in which language and trace, and who approved', async () => {
        const seen: CallContext[] = [];
        serveSome(under.server, OrderService, { getOrder: async (_request, came) => { seen.push(came); return {}; } });
        const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
        const terminal: Caller = { principalId: 'pri_till', kind: 'terminal', namespace: 'sandbox', terminalId: 'trm_1', permissions: new Set() };
        const first = context({ requestId: 'req_7', locale: 'en', trace });
        await under.caller.call(getOrder, {}, first);
        await under.caller.call(getOrder, {}, context({ caller: terminal, locale: 'zh', approvalId: 'apv_1' }));
        expect(seen[0]).toMatchObject({ caller: CHANNEL, requestId: 'req_7', locale: 'en', trace });
        expect(seen[0]!.approvalId).toBeUndefined();
        expect(seen[1]).toMatchObject({ caller: terminal, locale: 'zh', approvalId: 'apv_1' });
        expect(seen[1]!.trace).toBeUndefined();
        const left = seen[0]!.deadline - under.now();
        expect(left).toBeGreaterThan(PATIENCE_MS / 2);
        expect(seen[0]!.deadline).toBeLessThanOrEqual(first.deadline + 100);
      });

      it('is UNAVAILABLE where nobody serves it', async () => {
        await expect(under.caller.call(getOrder, {}, context())).rejects.toMatchObject({ name: 'Fault', code: 'UNAVAILABLE' });
      });

      it('by bytes is the same, and refuses a field that the public contract does not have', async () => {
        serveSome(under.server, OrderService, { getOrder: async ({ orderId }) => ({ orderId, number: '券-1' }) });
        const answer = await under.caller.callBytes(getOrder, toBinary(GetOrderRequestSchema, create(GetOrderRequestSchema, { orderId: 'ord_1' })), context());
        expect(fromBinary(OrderSchema, answer)).toMatchObject({ orderId: 'ord_1', number: '券-1' });
        await expect(under.caller.callBytes(getOrder, Uint8Array.of(0xf8, 0x3f, 0x01), context())).rejects.toMatchObject({ name: 'RpcFailure', kind: 'invalid', code: 'FIELD_UNKNOWN', more: { fields: [{ pointer: '/#1023' }] } });
        await expect(under.caller.callBytes(getOrder, Uint8Array.of(0x0a, 0xff), context())).rejects.toMatchObject({ kind: 'invalid', code: 'REQUEST_MALFORMED' });
      });
    });

    describe('a “no”', () => {
      const failing = (error: unknown): Promise<unknown> => {
        serveSome(under.server, OrderService, { placeOrder: () => Promise.reject(error) });
        return under.caller.call(placeOrder, {}, context()).then(() => 'answered', (told: unknown) => told);
      };
      it.each(['invalid', 'unauthenticated', 'forbidden', 'missing', 'duplicate', 'refused', 'throttled', 'aborted', 'unavailable'] as const)('of the kind %s arrives as it was thrown', async (kind) => {
        const field = { pointer: '/lines/0/quantity', code: 'TOO_MANY', zh: '太多', en: 'Too many.' };
        const thrown = new RpcFailure(kind, 'SOLD_OUT_FOR_NOW', { productId: 'prd_1', requestId: 'mine', 原因: '售罄' }, { fields: [field], retryAfterMs: 1_500 });
        const told = await failing(thrown);
        expect(told).toBeInstanceOf(RpcFailure);
        expect(refusalOf(told)).toEqual(refusalOf(thrown));
      });
      it('without details or fields has none on arrival', async () => {
        const thrown = new RpcFailure('missing', 'NOT_FOUND');
        expect(refusalOf(await failing(thrown))).toEqual(refusalOf(thrown));
      });
      it.each([new Fault('STORE_READ_ONLY', 'secret path'), new Fault('STORE_CLOSED', 'x', false), new Fault('ABORTED', 'contended'), new Fault('DEADLINE_EXCEEDED', 'late')])('that is the fault $code stays that fault', async (thrown) => {
        const told = await failing(thrown);
        expect(told).toMatchObject({ name: 'Fault', code: thrown.code });
        expect(refusalOf(told)).toEqual(refusalOf(thrown));
      });
      it('that is a bug stays one', async () => {
        expect(refusalOf(await failing(new Bug('odd')))).toMatchObject({ kind: 'internal', code: 'INTERNAL', details: {} });
      });
    });

    describe('a stream of answers', () => {
      it('comes in order to its end, also an empty one', async () => {
        serveSome(under.server, OrderService, { watchOrder: async function* ({ orderId }) { for (const number of orderId === '' ? [] : ['1', '2', '3']) yield { orderId, number }; } });
        expect((await listed(under.caller.stream(watchOrder, { orderId: 'ord_1' }, context()))).map(({ number }) => number)).toEqual(['1', '2', '3']);
        expect(await listed(under.caller.stream(watchOrder, {}, context()))).toEqual([]);
      });
      it('ends with the failure of its service, after what came before', async () => {
        serveSome(under.server, OrderService, { watchOrder: async function* () { yield { number: '1' }; throw new RpcFailure('missing', 'NOT_FOUND', { id: 'x' }); } });
        const seen: string[] = [];
        const reading = (async () => { for await (const { number } of under.caller.stream(watchOrder, {}, context())) seen.push(number); })();
        await expect(reading).rejects.toMatchObject({ name: 'RpcFailure', kind: 'missing', code: 'NOT_FOUND', details: { id: 'x' } });
        expect(seen).toEqual(['1']);
      });
      it('is not run ahead of far by a service whose reader takes his time', async () => {
        let made = 0;
        const big = 'x'.repeat(64 * 1024);
        serveSome(under.server, OrderService, { watchOrder: async function* () { for (; made < 2_000; made++) yield { number: big }; } });
        const answers = under.caller.stream(watchOrder, {}, context())[Symbol.asyncIterator]();
        await answers.next();
        await settled();
        expect(made).toBeLessThan(500);
        await answers.return!(undefined);
      });
      it('that its reader leaves ends in its service', async () => {
        const ended = gate();
        serveSome(under.server, OrderService, { watchOrder: async function* () { try { for (let i = 0; ; i++) { yield { number: String(i) }; await settled(1); } } finally { ended.open(); } } });
        for await (const { number } of under.caller.stream(watchOrder, {}, context())) if (number === '2') break;
        await ended.passed;
      });
    });

    describe('a stream of requests', () => {
      it('is answered once, by what all of it says', async () => {
        serveSome(under.server, InventoryService, { importCodes: async (requests) => { let lines = 0n; for await (const { content } of requests) lines += BigInt(content.length); return { lines }; } });
        expect((await under.caller.upload(importCodes, these({ content: new Uint8Array(3) }, { content: new Uint8Array(4) }), context())).lines).toBe(7n);
        expect((await under.caller.upload(importCodes, these(), context())).lines).toBe(0n);
        const bytes = these(toBinary(ImportCodesRequestSchema, create(ImportCodesRequestSchema, { content: new Uint8Array(2) })));
        expect(fromBinary(ImportSchema, await under.caller.uploadBytes(importCodes, bytes, context())).lines).toBe(2n);
      });
      it('that is refused early is read no further', async () => {
        let sent = 0;
        const endless = (async function* () { for (; sent < 100_000; sent++) { yield { content: new Uint8Array(16 * 1024) }; await settled(0); } })();
        serveSome(under.server, InventoryService, { importCodes: async (requests) => { for await (const { offset } of requests) if (offset === 0n) throw new RpcFailure('refused', 'IMPORT_CLOSED'); return {}; } });
        await expect(under.caller.upload(importCodes, endless, context())).rejects.toMatchObject({ code: 'IMPORT_CLOSED' });
        expect(sent).toBeLessThan(1_000);
      });
      it('whose source fails fails the call, and never counts as complete', async () => {
        const [taken, verdict] = [gate(), gate<string>()];
        serveSome(under.server, InventoryService, {
          importCodes: async (requests) => {
            try {
              for await (const { content } of requests) if (content.length > 0) taken.open();
              verdict.open('complete');
            } catch { verdict.open('cut off'); }
            throw new RpcFailure('aborted', 'CUT_OFF');
          },
        });
        const broken = (async function* () { yield { content: new Uint8Array(1) }; await taken.passed; throw new Error('the disk is gone'); })();
        await expect(under.caller.upload(importCodes, broken, context())).rejects.toThrow(/the disk is gone|CUT_OFF/);
        expect(await verdict.passed).toBe('cut off');
      });
    });

    describe('a conversation', () => {
      it('answers while it is still asked', async () => {
        serveSome(under.server, OrderService, { streamOrders: async function* (requests) { for await (const { order } of requests) yield { result: { number: `re ${order!.number}` } }; } });
        const first = gate();
        const asking = (async function* () { yield { order: { number: '1' } }; await first.passed; yield { order: { number: '2' } }; })();
        const seen: string[] = [];
        for await (const { result } of under.caller.converse(streamOrders, asking, context())) {
          seen.push(result!.number);
          first.open();
        }
        expect(seen).toEqual(['re 1', 're 2']);
        const bytes = these(toBinary(StreamOrdersRequestSchema, create(StreamOrdersRequestSchema, { order: { number: '3' } })));
        expect((await listed(under.caller.converseBytes(streamOrders, bytes, context()))).map((one) => fromBinary(StreamOrdersResponseSchema, one).result!.number)).toEqual(['re 3']);
      });
      it('that is left by its reader ends on both sides', async () => {
        const asked = gate();
        const served = gate();
        serveSome(under.server, OrderService, { streamOrders: async function* (requests) { try { for await (const { order } of requests) yield { result: { number: order!.number } }; } finally { served.open(); } } });
        const asking = (async function* () { try { for (let i = 0; ; i++) { yield { order: { number: String(i) } }; await settled(1); } } finally { asked.open(); } })();
        for await (const { result } of under.caller.converse(streamOrders, asking, context())) if (result!.number === '3') break;
        await served.passed;
        await asked.passed;
      });
    });
  });
};

/** Long enough for what is on its way to arrive. */
const settled = (ms = 200): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
