import { createServer, type Socket } from 'node:net';
import { Fault, instant, plusMs } from '@vouchsafe/kernel';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import type { Caller, CallContext } from '@vouchsafe/rpc';
import { serviceCaller } from '@vouchsafe/rpc';
import { serveSome } from '@vouchsafe/rpc/testing';
import { createMetrics } from '@vouchsafe/telemetry';
import { Client, credentials } from '@grpc/grpc-js';
import { newSigningKey, tokenIssuer } from './index.js';
import { SERVER, type Two, twoProcesses } from './testing/two-processes.js';

const CHANNEL: Caller = { principalId: 'pri_shop', kind: 'channel', namespace: 'sandbox', channelId: 'chn_shop', permissions: new Set(['order:place']) };
const within = (ms: number, more: Partial<CallContext> = {}): CallContext => ({ caller: CHANNEL, requestId: 'req_1', deadline: plusMs(instant(Date.now()), ms), locale: 'en', ...more });
const { getOrder, placeOrder, watchOrder } = OrderService.method;
const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'answered', (error: unknown) => error);

let two: Two;
afterEach(() => two.close());

describe('time', () => {
  it('of a call ends with its deadline, also where the other side is silent', async () => {
    two = await twoProcesses();
    const silent = await listening();
    const { client, close } = await aimedAt(silent.port);
    const from = Date.now();
    expect(await failureOf(client.call(getOrder, {}, within(300)))).toMatchObject({ name: 'Fault', code: 'DEADLINE_EXCEEDED' });
    expect(Date.now() - from).toBeLessThan(1_300);
    expect(await failureOf(client.call(getOrder, {}, within(-1)))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await close();
    silent.close();
  });
  it('of a method is its own where that is nearer, and its handler is told when it is over', async () => {
    two = await twoProcesses({ client: { lives: { unaryMs: 60_000, streamMs: 60_000, methods: { 'vouchsafe.order.v1.OrderService/GetOrder': 100 } } } });
    const heard = Promise.withResolvers<unknown>();
    serveSome(two.server, OrderService, { getOrder: (_request, { signal }) => new Promise((_, reject) => signal!.addEventListener('abort', () => { heard.resolve(signal!.reason); reject(signal!.reason as Error); })) });
    expect(await failureOf(two.client.call(getOrder, {}, within(20_000)))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await heard.promise).toMatchObject({ name: 'Fault', code: 'CANCELLED' });
  });
});

it('a call that its caller gives up ends with his own reason, and its handler hears of it', async () => {
  two = await twoProcesses();
  const [begun, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  serveSome(two.server, OrderService, { getOrder: (_request, { signal }) => new Promise((_, reject) => { begun.resolve(); signal!.addEventListener('abort', () => { heard.resolve(signal!.reason); reject(signal!.reason as Error); }); }) });
  const abort = new AbortController();
  const failed = failureOf(two.client.call(getOrder, {}, within(20_000, { signal: abort.signal })));
  await begun.promise;
  abort.abort(new Fault('CANCELLED', 'the channel hung up'));
  expect(await failed).toBe(abort.signal.reason);
  expect(await heard.promise).toMatchObject({ code: 'CANCELLED' });
});

it('repeats what may be repeated while nobody answers, and nothing else', async () => {
  two = await twoProcesses();
  const asked = { get: 0, place: 0, terms: 0 };
  const failing = (name: keyof typeof asked) => async (): Promise<never> => { asked[name]++; throw new Fault('STORE_UNAVAILABLE', 'x'); };
  serveSome(two.server, OrderService, { getOrder: async () => (++asked.get < 3 ? Promise.reject(new Fault('STORE_UNAVAILABLE', 'x')) : { number: 'third' }), placeOrder: failing('place') });
  serveSome(two.server, CatalogTermsService, { getProductTerms: failing('terms') });
  expect((await two.client.call(getOrder, {}, within(20_000))).number).toBe('third');
  expect(await failureOf(two.client.call(placeOrder, {}, within(20_000)))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await failureOf(two.client.call(CatalogTermsService.method.getProductTerms, {}, within(20_000, { caller: serviceCaller('caller', 'sandbox') })))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(asked).toEqual({ get: 3, place: 1, terms: 3 });
});

it('leaves a service alone that takes calls and says nothing, tries it again, and goes on when it speaks', async () => {
  two = await twoProcesses();
  let speaks = false;
  let asked = 0;
  serveSome(two.server, OrderService, { placeOrder: async () => { asked++; return speaks ? {} : new Promise<never>(() => {}); } });
  await Promise.all(Array.from({ length: 10 }, () => failureOf(two.client.call(placeOrder, {}, within(1_200)))));
  expect([asked, two.client.silent()]).toEqual([10, [SERVER]]);
  const from = Date.now();
  expect(await failureOf(two.client.call(placeOrder, {}, within(20_000)))).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  expect(Date.now() - from).toBeLessThan(500);
  expect(asked).toBe(10);
  speaks = true;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await two.client.call(placeOrder, {}, within(20_000));
  expect(two.client.silent()).toEqual([]);
});

it('a call that was given next to no time does not count against its service', async () => {
  two = await twoProcesses();
  serveSome(two.server, OrderService, { placeOrder: () => new Promise<never>(() => {}) });
  await Promise.all(Array.from({ length: 12 }, () => failureOf(two.client.call(placeOrder, {}, within(50)))));
  expect(two.client.silent()).toEqual([]);
});

it('a service that drains ends what it has begun and begins nothing more; its callers find it again when it is back', async () => {
  two = await twoProcesses();
  const verifier = { verify: () => ({ ok: true, caller: CHANNEL, issuer: 'caller' }) as const };
  const go = Promise.withResolvers<void>();
  serveSome(two.server, OrderService, { placeOrder: async () => { await go.promise; return { number: 'done' }; }, getOrder: async () => ({}) });
  const open = two.client.call(placeOrder, {}, within(20_000));
  await two.client.call(getOrder, {}, within(20_000));
  const drained = two.server.drain(10_000);
  expect(await failureOf(two.client.call(placeOrder, {}, within(2_000)))).toMatchObject({ code: 'UNAVAILABLE' });
  go.resolve();
  await open;
  await drained;
  const again = await twoProcesses({ server: { verifier }, port: two.port });
  serveSome(again.server, OrderService, { getOrder: async () => ({ number: 'back' }) });
  const found = (): Promise<object> => two.client.call(getOrder, {}, within(2_000)).catch(() => new Promise((resolve) => setTimeout(resolve, 50)).then(found));
  expect(await found()).toMatchObject({ number: 'back' });
  await again.close();
});

it('an answer too large is refused as that, and ends nothing else', async () => {
  two = await twoProcesses({ both: { messageMaxBytes: 64 * 1024 } });
  serveSome(two.server, OrderService, { getOrder: async ({ orderId }) => ({ number: orderId === 'big' ? 'x'.repeat(200_000) : 'small' }) });
  expect(await failureOf(two.client.call(getOrder, { orderId: 'big' }, within(20_000)))).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
  expect((await two.client.call(getOrder, {}, within(20_000))).number).toBe('small');
});

it('spreads calls over all replicas of a name', async () => {
  const counts = [0, 0];
  two = await twoProcesses();
  const key = newSigningKey();
  const issuer = tokenIssuer('caller', { now: () => instant(Date.now()) }, () => key.privateKey);
  const verifier = { verify: () => ({ ok: true, caller: CHANNEL, issuer: 'caller' }) as const };
  const other = await twoProcesses({ server: { verifier } });
  const first = await twoProcesses({ server: { verifier } });
  const spread = await twoProcesses({ client: { issuer, targets: { [SERVER]: `ipv4:127.0.0.1:${first.port},127.0.0.1:${other.port}` } } });
  [first, other].forEach(({ server }, i) => serveSome(server, OrderService, { getOrder: async () => { counts[i]!++; return {}; } }));
  while (counts.includes(0)) await spread.client.call(getOrder, {}, within(20_000));
  for (let i = 0; i < 20; i++) await spread.client.call(getOrder, {}, within(20_000));
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
  for (const one of [first, other, spread]) await one.close();
});

describe('a caller', () => {
  it('whose key nobody trusts is not taken, and learns no more than that', async () => {
    const stranger = newSigningKey();
    two = await twoProcesses({ client: { issuer: tokenIssuer('caller', { now: () => instant(Date.now()) }, () => stranger.privateKey) } });
    let asked = 0;
    serveSome(two.server, OrderService, { getOrder: async () => { asked++; return {}; }, watchOrder: async function* () { asked++; yield {}; } });
    expect(await failureOf(two.client.call(getOrder, {}, within(20_000)))).toMatchObject({ name: 'Fault', code: 'PEER_REFUSED' });
    expect(await failureOf((async () => { for await (const one of two.client.stream(watchOrder, {}, within(20_000))) void one; })())).toMatchObject({ code: 'PEER_REFUSED' });
    expect(await failureOf(two.client.upload(InventoryService.method.importCodes, (async function* () {})(), within(2_000)))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(asked).toBe(0);
  });
  it('that the gateway carries reaches no internal method, whatever he is allowed', async () => {
    two = await twoProcesses({ clientName: 'gateway' });
    serveSome(two.server, CatalogTermsService, { getProductTerms: async () => ({}) });
    serveSome(two.server, OrderService, { getOrder: async () => ({}) });
    const { getProductTerms } = CatalogTermsService.method;
    expect(await failureOf(two.client.call(getProductTerms, {}, within(20_000)))).toMatchObject({ code: 'PEER_REFUSED' });
    await two.client.call(getOrder, {}, within(20_000));
    await two.client.call(getProductTerms, {}, within(20_000, { caller: serviceCaller('gateway', 'sandbox') }));
  });
});

it('nothing leaves before what it tells of is durable, refusals and streams included', async () => {
  const order: string[] = [];
  two = await twoProcesses({ server: { floor: async () => { await new Promise((resolve) => setTimeout(resolve, 20)); order.push('durable'); } } });
  serveSome(two.server, OrderService, { getOrder: async ({ orderId }) => (orderId === '' ? Promise.reject(new Fault('ABORTED', 'x')) : {}), watchOrder: async function* () { yield {}; } });
  await two.client.call(getOrder, { orderId: 'ord_1' }, within(20_000)).then(() => order.push('answered'));
  await failureOf(two.client.call(getOrder, {}, within(20_000))).then(() => order.push('refused'));
  for await (const one of two.client.stream(watchOrder, {}, within(20_000))) order.push(one.$typeName.slice(-5));
  expect(order).toEqual(['durable', 'answered', 'durable', 'refused', 'durable', 'Order', 'durable']);
});

it('counts the calls it serves, and its health is told to anybody', async () => {
  const metrics = createMetrics();
  two = await twoProcesses({ server: { metrics } });
  serveSome(two.server, OrderService, { getOrder: async ({ orderId }) => (orderId === '' ? Promise.reject(new Fault('ABORTED', 'x')) : {}) });
  await two.client.call(getOrder, { orderId: 'ord_1' }, within(20_000));
  await failureOf(two.client.call(getOrder, {}, within(20_000)));
  expect(metrics.text()).toContain('vouchsafe_rpc_served_total{method="vouchsafe.order.v1.OrderService/GetOrder",code="ABORTED"} 1\n');
  expect(await healthOf(two.port)).toBe(2);
  two.server.setServing(true);
  expect(await healthOf(two.port)).toBe(1);
});

/** Takes connections and says nothing. */
const listening = async (): Promise<{ readonly port: number; close(): void }> => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as { port: number }).port, close };
};
const aimedAt = async (port: number) => twoProcesses({ client: { targets: { [SERVER]: `dns:///127.0.0.1:${port}` } } });
const healthOf = (port: number): Promise<number> => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', () => Buffer.alloc(0), (bytes) => bytes[1] ?? 0, {}, (error, status) => (error ? reject(error) : resolve(status!)));
  }).finally(() => client.close());
};
