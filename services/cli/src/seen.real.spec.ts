import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Cluster } from '@vouchsafe/cluster';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { lineageOf, otlpStandIn, type OtlpStandIn, type SentSpan } from '@vouchsafe/telemetry/testing';
import { describeReal } from '@vouchsafe/test-servers';
import { Connection } from './client/connection.js';
import { doctorOf } from './commands/doctor.js';
import { furnish } from './demo/furnish.js';
import { createSpeech, EXIT } from './speech.js';

const MINUTES = 60_000;
const ROOT = path.resolve(__dirname, '../../..');
const TRACE = randomBytes(16).toString('hex');
const CALL = 'vouchsafe.order.v1.OrderService/PlaceOrder';
/** Of gRPC. */
const UNAVAILABLE = 14;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeReal(['Kafka', 'MongoDB'], 'the distributed form, seen', () => {
  let folder: string;
  let cluster: Cluster;
  let collector: OtlpStandIn;
  beforeAll(async () => {
    if (!existsSync(path.join(ROOT, 'services/order/dist/main.js'))) throw new Error('compile first: the cluster starts services/*/dist/main.js');
    const { startCluster } = await import('@vouchsafe/cluster');
    folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-seen-'));
    collector = await otlpStandIn();
    cluster = await startCluster({
      folder, name: `t${randomBytes(4).toString('hex')}`, channels: ['chn_dist'], terminals: [], note: () => {},
      environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '500' }),
    });
    const admin = new Connection({ grpc: cluster.grpc, key: cluster.keys.admin });
    await furnish(admin, folder, { months: 20, seats: 5, coffee: 5, tens: 5 });
    admin.close();
  }, 4 * MINUTES);
  afterAll(async () => {
    await cluster?.stop();
    await collector?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, MINUTES);

  /** Until it holds, or long past any doubt (a dozen processes on few cores may be slow); then what is wrong is shown by the last look. */
  const eventually = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
    for (const until = Date.now() + 3 * MINUTES; !(await holds()) && Date.now() < until; ) await sleep(250);
  };
  const mine = (): readonly SentSpan[] => collector.spans().filter(({ traceId }) => traceId === TRACE);
  const lineages = (): readonly string[] => mine().map((span) => lineageOf(mine(), span).join(' > '));

  it('shows one order as one trace, from the channel\'s call to the ledger\'s entry, over gRPC and Kafka', async () => {
    const answer = await fetch(`${cluster.http}/v1/orders`, {
      method: 'POST', body: JSON.stringify({ number: 'S-1', lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 20_000 }),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${cluster.keys.channels['chn_dist']}`, traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    expect(await answer.json()).toMatchObject({ state: 'ORDER_STATE_COMPLETED' });
    const course = `${CALL} > /${CALL}`;
    const way = (command: string, append: string): string => `${course} > ask ${command} > handle ${command} > append ${append}`;
    const expected = [
      CALL, course, `${course} > append order`, way('inventory ReserveVouchers', 'pool'), way('inventory CommitReservation', 'pool'), way('ledger HoldFunds', 'account'),
      way('redemption ActivateGrant', 'grant'), way('ledger CaptureHold', 'account'),
    ];
    await eventually(() => expected.every((lineage) => lineages().includes(lineage)) && mine().some(({ name, service }) => name.startsWith('take ') && service === 'vouchsafe-risk'));
    expect(lineages()).toEqual(expect.arrayContaining(expected));
    expect([...new Set(mine().map(({ service }) => service))].sort()).toEqual(expect.arrayContaining(['gateway', 'inventory', 'ledger', 'order', 'redemption', 'risk'].map((name) => `vouchsafe-${name}`)));
    expect(mine().find(({ name, service }) => name.startsWith('handle ledger CaptureHold') && service === 'vouchsafe-ledger')).toBeDefined();
    // What another service takes off the topic goes on in the order's trace; views work on batches, which are part of it or linked to it.
    expect(mine().some(({ name, service }) => name.startsWith('take ') && service === 'vouchsafe-risk')).toBe(true);
    const isOfViews = ({ name, traceId, links, service }: SentSpan): boolean => name.startsWith('follow ') && service === 'vouchsafe-ledger' && [traceId, ...links].includes(TRACE);
    await eventually(() => collector.spans().some(isOfViews));
    expect(collector.spans().some(isOfViews)).toBe(true);
  }, 8 * MINUTES);

  it('tells of trade, queues and processes in figures, and of none that boards and alerts name in vain', async () => {
    const has = async (service: string, line: RegExp): Promise<void> => {
      await eventually(async () => line.test(await cluster.metrics(service)));
      expect(await cluster.metrics(service)).toMatch(line);
    };
    await has('order', /vouchsafe_orders_ended_total\{mode="sandbox",state="COMPLETED",reason=""\} 1\n/);
    await has('risk', /vouchsafe_verdicts_total\{mode="sandbox",decision="allow"\} 1\n/);
    await has('inventory', /vouchsafe_stock_units\{mode="sandbox",product="prd_video-month",state="free"\} \d+\n/);
    await has('ledger', /vouchsafe_unbalanced_books\{mode="sandbox"\} 0\n/);
    await has('ledger', /vouchsafe_consumer_lag_messages\{mode="sandbox",group="[^"]*"\} 0\n/);
    await has('ledger', /vouchsafe_commands_total\{mode="sandbox",command="ledger.CaptureHold",outcome="ok"\} 1\n/);
    const told = new Set((await Promise.all([...cluster.processes.keys()].filter((name) => name !== 'event-store').map((name) => cluster.metrics(name)))).flatMap((text) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)));
    const boards = path.join(ROOT, 'deploy/observability/dashboards');
    const texts = [readFileSync(path.join(ROOT, 'deploy/helm/vouchsafe/files/alerts.yaml'), 'utf8'), ...readdirSync(boards).map((name) => readFileSync(path.join(boards, name), 'utf8'))];
    const named = new Set(texts.flatMap((text) => [...text.matchAll(/\b((?:vouchsafe|process|nodejs)_[a-z_]+[a-z])\b/g)].map(([, name]) => name!.replace(/_(bucket|sum|count)$/, ''))));
    // The log of this form is EventStoreDB's, which has figures of its own.
    expect([...named].filter((name) => !told.has(name) && !name.startsWith('vouchsafe_log_'))).toEqual([]);
  }, 8 * MINUTES);

  it('tells no secret and no personal data: in no span, figure or log line of any process', async () => {
    const marks = { phone: '13912345678', email: 'kanari.vogel@example.net', ref: 'kanari-buyer-4711', deviceId: 'kanari-device-0815', ip: '203.0.113.177' };
    const shop = new Connection({ grpc: cluster.grpc, key: cluster.keys.channels['chn_dist']! });
    const placed = await shop.call(OrderService.method.placeOrder, { number: 'S-2', lines: [{ productId: 'prd_video-month', quantity: 1 }], buyer: { ref: marks.ref, ip: marks.ip, device: marks.deviceId, email: marks.email, phone: marks.phone }, waitMs: 20_000 });
    const stateOf = async (): Promise<OrderState> => (await shop.call(OrderService.method.getOrder, { orderId: placed.orderId })).state;
    await eventually(async () => (await stateOf()) === OrderState.COMPLETED);
    expect(await stateOf()).toBe(OrderState.COMPLETED);
    const codes: string[] = [];
    const disclosed = async (): Promise<boolean> => {
      for await (const { secrets } of shop.stream(FulfillmentService.method.discloseSecrets, { orderId: placed.orderId })) codes.push(...secrets.map(({ code }) => code));
      return true;
    };
    await eventually(() => disclosed().catch((error: { readonly code?: number }) => {
      if (error.code === UNAVAILABLE) return false; // to be asked again, as it says
      throw error;
    }));
    shop.close();
    expect(codes.length).toBe(1);
    const isOfOrder = ({ attributes }: SentSpan): boolean => attributes['vouchsafe.correlation'] === placed.orderId;
    await eventually(() => collector.spans().filter(isOfOrder).length >= 10);
    expect(collector.spans().filter(isOfOrder).length).toBeGreaterThanOrEqual(10);
    const logs = path.join(folder, 'logs');
    const told = [
      JSON.stringify(collector.spans()), ...readdirSync(logs).map((name) => readFileSync(path.join(logs, name), 'utf8')),
      ...(await Promise.all([...cluster.processes.keys()].filter((name) => name !== 'event-store').map((name) => cluster.metrics(name)))),
    ].join('\n');
    const secrets = [...Object.values(marks), ...codes, ...[cluster.keys.admin, ...Object.values(cluster.keys.channels)].map((key) => key.slice(-24))];
    expect(secrets.filter((secret) => told.includes(secret) || told.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')))).toEqual([]);
  }, 8 * MINUTES);

  it('is found well by the doctor, from outside, until something is parked', async () => {
    const probes = [...cluster.processes.keys()].filter((name) => !['event-store', 'gateway'].includes(name)).map((name) => `http://127.0.0.1:${cluster.environment(name)['VOUCHSAFE_PROBE_PORT']}`);
    const gatewayProbe = `http://127.0.0.1:${cluster.environment('gateway')['VOUCHSAFE_PROBE_PORT']}`;
    let findings: readonly { readonly name: string; readonly ok: boolean; readonly en: string }[] = [];
    const examined = async (): Promise<number> => {
      let out = '';
      const exit = await doctorOf(createSpeech('en', true, { out: (text) => { out += text; }, err: () => {} }), { url: cluster.http, key: cluster.keys.admin, probes: [...probes, gatewayProbe] });
      findings = JSON.parse(out) as typeof findings;
      return exit;
    };
    const wrong = () => findings.filter(({ ok }) => !ok);
    await eventually(async () => (await examined()) === EXIT.ok);
    expect(wrong()).toEqual([]);
    expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(['ready gateway', 'lag', 'parked', 'books', 'consumers', 'clock access', 'integrity']));
    await cluster.poison('inventory', '{"no":"event"}');
    await eventually(async () => (await examined()) === EXIT.refused && wrong().some(({ name }) => name === 'parked'));
    expect(wrong().map(({ name }) => name)).toEqual(['parked']);
  }, 8 * MINUTES);
});
