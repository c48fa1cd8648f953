import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Cluster } from '@vouchsafe/cluster';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { describeReal, freePort } from '@vouchsafe/test-servers';
import { silentLog } from '@vouchsafe/runtime';
import { Connection } from './client/connection.js';
import { dealWith, listParked } from './commands/parked.js';
import { furnish } from './demo/furnish.js';

const { placeOrder, getOrder } = OrderService.method;
const MINUTES = 60_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const isCompiled = existsSync(path.resolve(__dirname, '../../order/dist/main.js'));

describeReal(['Kafka', 'MongoDB'], 'all services as processes of their own', () => {
  let folder: string;
  let cluster: Cluster;
  let admin: Connection;
  let shop: Connection;
  beforeAll(async () => {
    if (!isCompiled) throw new Error('compile first: the cluster starts services/*/dist/main.js');
    const { startCluster } = await import('@vouchsafe/cluster');
    folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-cluster-'));
    cluster = await startCluster({ folder, name: `t${randomBytes(4).toString('hex')}`, channels: ['chn_dist'], terminals: [], note: () => {} });
    admin = new Connection({ grpc: cluster.grpc, key: cluster.keys.admin });
    shop = new Connection({ grpc: cluster.grpc, key: cluster.keys.channels['chn_dist']! });
    await furnish(admin, folder, { months: 60, seats: 5, coffee: 5, tens: 5 });
  }, 3 * MINUTES);
  afterAll(async () => {
    admin?.close();
    shop?.close();
    await cluster?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, MINUTES);

  const order = (number: string, quantity = 1) => shop.call(placeOrder, { number, lines: [{ productId: 'prd_video-month', quantity }], waitMs: 20_000 });
  const codesOf = async (orderId: string): Promise<string[]> => {
    const codes: string[] = [];
    for await (const { secrets } of shop.stream(FulfillmentService.method.discloseSecrets, { orderId })) codes.push(...secrets.map(({ code }) => code));
    return codes;
  };

  it('sell, deliver and book an order that comes through the gateway; a repeat of its number is the same order', async () => {
    const placed = await order('C-1', 2);
    expect(placed).toMatchObject({ state: OrderState.COMPLETED, lines: [{ delivered: 2 }] });
    expect(await order('C-1', 2)).toMatchObject({ orderId: placed.orderId, state: OrderState.COMPLETED });
    const codes = await codesOf(placed.orderId);
    expect(new Set(codes).size).toBe(2);
    const { lines, totals } = await admin.call(LedgerService.method.getTrialBalance, { bookId: 'bok_main' });
    expect(lines.length).toBeGreaterThan(3);
    for (const { debit, credit } of totals) expect(debit!.minor).toBe(credit!.minor);
  });

  it('let a person decide about a message that nobody can read; whoever has it carries that out', async () => {
    const place = { mongo: cluster.mongo, database: cluster.environment('order')['VOUCHSAFE_MONGO_DATABASE']!, namespace: 'sandbox' } as const;
    await cluster.poison('inventory', '{"no":"event"}');
    const parked = async () => (await listParked(place, { limit: 100 })).map(({ group }) => group).sort();
    for (const end = Date.now() + MINUTES; (await parked()).length < 2 && Date.now() < end; await sleep(200));
    expect(await parked()).toEqual(['ledger-inventory', 'order.stock']);
    for (const { id } of await listParked(place, { limit: 100 })) {
      expect(await dealWith('retry', id, { place, log: silentLog })).toMatchObject({ handled: 0, error: expect.stringContaining('MESSAGE_UNREADABLE') as string });
      expect(await dealWith('drop', id, { place, log: silentLog })).toEqual({ handled: 0 });
    }
    expect(await parked()).toEqual([]);
  });

  it('refuse an order for more than there is, as data', async () => {
    expect(await order('C-2', 1_000)).toMatchObject({ state: OrderState.REJECTED });
  });

  it('bring every order to its end and sell nothing twice while inventory and order are killed and begin again', async () => {
    const ended = async (number: string): Promise<Order> => {
      for (const end = Date.now() + MINUTES; ; await sleep(200)) {
        const placed = await order(number).catch(() => undefined);
        // An order whose neighbours were silent for too long is refused as a whole; that is an end as well.
        if (placed?.state === OrderState.COMPLETED || placed?.state === OrderState.REJECTED) return placed;
        if (Date.now() > end) throw new Error(`${number} does not end: ${placed?.state}`);
      }
    };
    const orders = Promise.all(Array.from({ length: 10 }, (_, i) => ended(`K-${i}`)));
    for (const name of ['inventory', 'order'] as const) {
      await sleep(300);
      const child = cluster.processes.get(name)!;
      await child.signal('SIGKILL');
      child.start();
    }
    const completed = (await orders).filter(({ state }) => state === OrderState.COMPLETED);
    for (const { orderId, state } of await orders) expect((await shop.call(getOrder, { orderId })).state).toBe(state);
    const codes = (await Promise.all(completed.map(({ orderId }) => codesOf(orderId)))).flat();
    expect(codes).toHaveLength(completed.length);
    expect(new Set(codes).size).toBe(completed.length);
    expect(await ended('K-after')).toMatchObject({ state: OrderState.COMPLETED });
  }, 4 * MINUTES);

  it('begin before what they need is there, say what is missing, and begin to serve when it comes', async () => {
    const { Child } = await import('@vouchsafe/cluster');
    const [mongo, probe] = [await freePort(), await freePort()];
    const wayToMongo = (): Server => createServer((near) => {
      const [host, port] = cluster.servers.mongo.endpoints[0]!.split(':');
      const far = connect(Number(port), host);
      for (const [a, b] of [[near, far], [far, near]] as const) a.pipe(b).on('error', () => a.destroy());
    }).listen(mongo, '127.0.0.1');
    const early = new Child({
      name: 'catalog-early', args: [path.resolve(__dirname, '../../catalog/dist/main.js')], logFile: path.join(folder, 'logs', 'catalog-early.log'),
      env: { ...cluster.environment('catalog'), VOUCHSAFE_MONGO_URI: `mongodb://127.0.0.1:${mongo}/?directConnection=true`, VOUCHSAFE_RPC_PORT: '0', VOUCHSAFE_PROBE_PORT: String(probe), VOUCHSAFE_DATA: path.join(folder, 'early'), VOUCHSAFE_JOURNAL: path.join(folder, 'early-journal') },
    });
    const asked = (at: string): Promise<string> => fetch(`http://127.0.0.1:${probe}${at}`).then((answer) => answer.text(), () => '');
    early.start();
    await early.until(async () => (await asked('/readyz')).includes('MongoDB'), MINUTES);
    expect(await asked('/healthz')).toBe('ok\n');
    const way = wayToMongo();
    await early.until(async () => (await asked('/readyz')).includes('"ready":true'), MINUTES);
    await early.signal('SIGTERM');
    expect(early.exitCode).toBe(0);
    way.close();
  }, 3 * MINUTES);

  it('end at SIGTERM within seconds, having drained', async () => {
    const risk = cluster.processes.get('risk')!;
    const from = Date.now();
    await risk.signal('SIGTERM');
    expect([risk.exitCode, Date.now() - from < 25_000]).toEqual([0, true]);
    // Without risk the fallback of prepaid orders counts.
    expect(await order('C-3')).toMatchObject({ state: OrderState.COMPLETED });
    expect((await shop.call(getOrder, { number: 'C-3' })).state).toBe(OrderState.COMPLETED);
  }, MINUTES);
});
