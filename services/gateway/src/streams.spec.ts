import { request as httpRequest } from 'node:http';
import { create, type DescService, toBinary } from '@bufbuild/protobuf';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { type BytesRpc, type CallContext, type Handlers, RpcFailure } from '@vouchsafe/rpc';
import { grpcClient, keyOf, metadataOf, runGateway, type Running } from './testing/running-gateway.js';

const KEY = keyOf('live', 1);
const CHUNK = 1_024;
type Chunk = { readonly importId: string; readonly offset: bigint; readonly content: Uint8Array; readonly last: boolean };
let running: Running;
let chunks: Chunk[] = [];
let aborted = 0;

const serveMost = <S extends DescService>(rpc: BytesRpc, service: S, some: Record<string, unknown>): void => {
  const none = async (): Promise<object> => ({});
  const handlers: object = { ...Object.fromEntries(service.methods.map(({ localName }) => [localName, none])), ...some };
  rpc.serve(service, handlers as Handlers<S>);
};
beforeAll(async () => {
  running = await runGateway({
    services: [InventoryService, OrderService, LedgerService], keys: { [KEY]: { permissions: new Set(['inventory:write', 'order:place', 'ledger:read']) } },
    config: { uploadChunkBytes: CHUNK, bodyMaxBytes: 2_048 },
    serve: (rpc) => {
      serveMost(rpc, InventoryService, {
        importCodes: async (requests: AsyncIterable<Chunk>) => {
          for await (const chunk of requests) {
            chunks.push(chunk);
            if (Buffer.from(chunk.content).includes('stop')) throw new RpcFailure('refused', 'IMPORT_CLOSED');
          }
          return { importId: chunks[0]!.importId };
        },
      });
      serveMost(rpc, OrderService, {
        streamOrders: async function* (requests: AsyncIterable<{ order?: { number: string } }>, { signal }: CallContext) {
          signal?.addEventListener('abort', () => aborted++);
          for await (const { order } of requests) yield { result: { number: order?.number } };
        },
      });
      serveMost(rpc, LedgerService, {
        exportJournal: async function* () {
          yield { text: '2026-03-02 a\n' };
          yield { text: '  b  1 CNY\n' };
        },
      });
    },
  });
});
afterAll(() => running.stop());
beforeEach(() => { chunks = []; });

const put = async (path: string, body: Buffer, headers: Record<string, string> = {}) => {
  const response = await fetch(`${running.http}${path}`, { method: 'PUT', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/octet-stream', ...headers }, body: body as never });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
};

describe('an upload over HTTP', () => {
  it('reaches its service in chunks with their offsets, the last one marked', async () => {
    const body = Buffer.from(Array.from({ length: 5_000 }, (_, i) => 65 + (i % 26)));
    const { status } = await put('/v1/imports/imp_1/content?offset=100&last=true', body);
    expect(status).toBe(200);
    expect(Buffer.concat(chunks.map(({ content }) => content)).equals(body)).toBe(true);
    expect(chunks.every(({ importId }) => importId === 'imp_1')).toBe(true);
    expect(chunks.map(({ offset }) => Number(offset))).toEqual(chunks.map((_, i) => 100 + chunks.slice(0, i).reduce((sum, { content }) => sum + content.length, 0)));
    expect(chunks.map(({ last }) => last)).toEqual(chunks.map((_, i) => i === chunks.length - 1));
    await put('/v1/imports/imp_1/content?offset=0', Buffer.from('abc'));
    expect(chunks.at(-1)).toMatchObject({ last: false, offset: 0n });
  });

  it('may be empty, and its query is checked like any field', async () => {
    expect((await put('/v1/imports/imp_1/content?offset=7&last=true', Buffer.alloc(0))).status).toBe(200);
    expect(chunks).toMatchObject([{ importId: 'imp_1', offset: 7n, last: true }]);
    expect(await put('/v1/imports/imp_1/content?offset=x', Buffer.from('a'))).toMatchObject({ status: 400, json: { errors: [{ pointer: '/offset' }] } });
  });

  it('that its service refuses in the middle is answered, not read to its end', async () => {
    expect(await put('/v1/imports/imp_1/content', Buffer.concat([Buffer.from('stop'), Buffer.alloc(200_000, 65)]))).toMatchObject({ status: 409, json: { code: 'IMPORT_CLOSED' } });
  });

  it('whose sender hangs up ends with a fault for its service', async () => {
    const { port } = new URL(running.http);
    await new Promise<void>((resolve) => {
      const sending = httpRequest({ host: '127.0.0.1', port, method: 'PUT', path: '/v1/imports/imp_1/content', headers: { authorization: `Bearer ${KEY}`, 'content-length': 10_000 } });
      sending.on('error', () => resolve());
      sending.write(Buffer.alloc(3_000, 65));
      setTimeout(() => sending.destroy(), 100);
    });
    for (let i = 0; i < 100; i++) {
      const text = await (await fetch(`${running.http}/metrics`)).text();
      if (text.includes('vouchsafe_streams_open{mode="live"} 0')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('the stream’s place was never given back');
  });
});

describe('a conversation', () => {
  it('goes over HTTP as lines, each request a line, each answer a line', async () => {
    const body = ['a', 'b', 'c'].map((number) => JSON.stringify({ order: { number } })).join('\n');
    const response = await fetch(`${running.http}/vouchsafe.order.v1.OrderService/StreamOrders`, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-ndjson' }, body });
    const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line) as { result: { number: string } });
    expect(lines.map(({ result }) => result.number)).toEqual(['a', 'b', 'c']);
  });

  it('names the line’s wrong field at its end, once it has begun', async () => {
    const body = `${JSON.stringify({ order: { number: 'a' } })}\n${JSON.stringify({ order: { colour: 1 } })}`;
    const response = await fetch(`${running.http}/vouchsafe.order.v1.OrderService/StreamOrders`, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-ndjson' }, body });
    const last = JSON.parse((await response.text()).trim().split('\n').at(-1)!) as object;
    expect(last).toMatchObject({ error: { code: 'FIELD_UNKNOWN', errors: [{ pointer: '/order/colour' }] } });
  });

  it('goes over gRPC, and hanging up is told to the service', async () => {
    const client = grpcClient(running.grpc);
    const { input } = OrderService.method.streamOrders;
    const call = client.makeBidiStreamRequest('/vouchsafe.order.v1.OrderService/StreamOrders', (bytes: Uint8Array) => Buffer.from(bytes), (bytes: Buffer) => bytes.toString('latin1'), metadataOf({ authorization: `Bearer ${KEY}` }), { deadline: Date.now() + 5_000 });
    call.write(toBinary(input, create(input, { order: { number: 'xyz' } })));
    const first = await new Promise<string>((resolve) => call.once('data', resolve));
    expect(first).toContain('xyz');
    call.on('error', () => {});
    call.cancel();
    for (let i = 0; i < 200 && aborted === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(aborted).toBeGreaterThan(0);
    client.close();
  });
});

it('an export is a file, or lines of JSON for who asks', async () => {
  const get = async (accept: string) => {
    const response = await fetch(`${running.http}/v1/books/bok_1/journal:export`, { headers: { authorization: `Bearer ${KEY}`, accept } });
    return [response.headers.get('content-type'), await response.text()];
  };
  expect(await get('*/*')).toEqual(['text/plain; charset=utf-8', '2026-03-02 a\n  b  1 CNY\n']);
  expect((await get('application/x-ndjson'))[1]!.split('\n')[0]).toBe('{"text":"2026-03-02 a\\n"}');
});
