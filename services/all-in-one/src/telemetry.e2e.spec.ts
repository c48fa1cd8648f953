import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { noTracing } from '@vouchsafe/telemetry';
import { lineageOf, recordedTracing } from '@vouchsafe/telemetry/testing';
import { parseConfig } from './config.js';
import { Premises } from './door/testing/premises.js';
import { openTracing } from '@vouchsafe/process';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const stock = async (premises: Premises): Promise<void> => {
  await premises.furnish();
  await premises.stock('prd_video-month', 'sup_video', ['TRACE-0001', 'TRACE-0002', 'TRACE-0003']);
};
const order = async (premises: Premises): Promise<void> => {
  const headers = premises.as('chn_dist', { traceparent: `00-${TRACE}-${CALLER}-01` });
  const placed = await premises.wire.get(OrderService.method.placeOrder, { number: 'T-1', lines: [{ productId: 'prd_video-month', quantity: 1 }] }, headers);
  expect(placed.state).toBe(OrderState.COMPLETED);
};

const CALL = 'vouchsafe.order.v1.OrderService/PlaceOrder';
describe('spans', () => {
  it('are one trace from the channel\'s call to the ledger\'s entry, each within the span that caused it', async () => {
    const { tracing, spans } = recordedTracing();
    const premises = await Premises.open({ more: { tracing } });
    await stock(premises);
    await order(premises);
    for (const follower of premises.running().followers()) await follower.caughtUp();
    const events = (await premises.events()).filter(({ trace }) => trace?.includes(TRACE));
    await premises.close();
    const mine = spans().filter(({ traceId }) => traceId === TRACE);
    expect(mine.find(({ name }) => name === CALL)?.parent).toBe(CALLER);
    const lineages = new Set(mine.map((span) => lineageOf(mine, span).join(' > ')));
    const course = `${CALL} > /${CALL}`;
    for (const command of ['inventory ReserveVouchers', 'inventory CommitReservation', 'redemption ActivateGrant', 'ledger HoldFunds', 'ledger CaptureHold']) {
      expect(lineages).toContain(`${course} > ask ${command} > handle ${command}`);
    }
    for (const append of ['append order', 'ask inventory ReserveVouchers > handle inventory ReserveVouchers > append pool', 'ask ledger CaptureHold > handle ledger CaptureHold > append account', 'ask redemption ActivateGrant > handle redemption ActivateGrant > append grant']) {
      expect(lineages).toContain(`${course} > ${append}`);
    }
    expect([...lineages].filter((lineage) => !lineage.startsWith(CALL))).toEqual([]); // nothing of the order lies outside its call
    // What is recorded names the span that recorded it, so that whoever hears of it goes on there.
    const ids = new Set(mine.map(({ spanId }) => spanId));
    expect(events.length).toBeGreaterThanOrEqual(8);
    expect(events.filter(({ trace }) => !ids.has(trace!.split('-')[2]!))).toEqual([]);
    const followed = spans().filter(({ name, traceId, links }) => name.startsWith('follow ') && [traceId, ...links].includes(TRACE)).map(({ name }) => name);
    expect(followed.length).toBeGreaterThanOrEqual(5);
  }, 30_000);

  it('of a refund are one trace too, from the channel\'s call to the ledger\'s entry, though a job works on it', async () => {
    const { tracing, spans } = recordedTracing();
    const premises = await Premises.open({ more: { tracing } });
    await stock(premises);
    const placed = await premises.wire.get(OrderService.method.placeOrder, { number: 'T-9', lines: [{ productId: 'prd_video-month', quantity: 2 }] }, premises.as('chn_dist'));
    const headers = premises.as('chn_dist', { traceparent: `00-${TRACE}-${CALLER}-01` });
    await premises.wire.get(OrderService.method.createRefund, { orderId: placed.orderId, requestId: 'r-1', lines: [{ lineId: placed.lines[0]!.lineId, quantity: 1 }] }, headers);
    const ofLedger = () => spans().filter(({ name, traceId }) => traceId === TRACE && name === 'handle ledger PostFact');
    for (const until = Date.now() + 30_000; ofLedger().length === 0 && Date.now() < until; ) await systemClock().sleep(20);
    await premises.close();
    const mine = spans().filter(({ traceId }) => traceId === TRACE);
    const lineages = mine.map((span) => lineageOf(mine, span).join(' > '));
    expect(lineages).toContainEqual(expect.stringMatching(/^vouchsafe\.order\.v1\.OrderService\/CreateRefund > .*ask ledger PostFact > handle ledger PostFact > append (account|journal)$/));
  }, 60_000);

  it('of a top-up go on from its provider\'s answer to the ledger\'s entry', async () => {
    const { tracing, spans } = recordedTracing();
    const premises = await Premises.open({ more: { tracing } });
    await premises.furnish();
    const headers = premises.as('chn_dist', { traceparent: `00-${TRACE}-${CALLER}-01` });
    await premises.wire.get(OrderService.method.placeOrder, { number: 'T-T', lines: [{ productId: 'prd_phone-10', quantity: 1, accountFields: { phone: '13887654322' } }] }, headers);
    const mine = () => spans().filter(({ traceId }) => traceId === TRACE);
    const lineages = () => mine().map((span) => lineageOf(mine(), span).join(' > '));
    const settled = /^vouchsafe\.order\.v1\.OrderService\/PlaceOrder > .*handle fulfillment StartTopUp > .*take fulfillment\.TopUpEnded\.v1 > .*handle ledger CaptureHold > append account$/;
    for (const until = Date.now() + 30_000; !lineages().some((lineage) => settled.test(lineage)) && Date.now() < until; ) await systemClock().sleep(20);
    await premises.close();
    expect(lineages()).toContainEqual(expect.stringMatching(settled));
  }, 60_000);

  it.each([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }])('are not made where no collector is named: %p', async (env) => {
    const parsed = parseConfig(env);
    expect(parsed.ok && (await openTracing(parsed.config, systemClock(), silentLog))).toBe(noTracing);
  });

  it('are made where one is', async () => {
    const parsed = parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_SAMPLER_ARG: '0' });
    const tracing = parsed.ok && (await openTracing(parsed.config, systemClock(), silentLog));
    expect(tracing && tracing.enabled).toBe(true);
    if (tracing) await tracing.stop();
  });
});

describe('what is told over HTTP', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open({ namespaces: ['live', 'sandbox'] });
    await stock(premises);
    await order(premises);
  }, 30_000);
  afterAll(() => premises.close());
  const lines = async (): Promise<readonly string[]> => (await premises.http('GET', '/metrics', undefined)).text.split('\n');

  it('has the figures of the process, the log, views, publishers and parked messages, by mode', async () => {
    const told = await lines();
    const valueOf = (series: string): number => Number(told.find((line) => line.startsWith(`${series} `))?.split(' ')[1]);
    expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(valueOf('vouchsafe_log_events{mode="sandbox"}')).toBe((await premises.events()).length);
    expect(valueOf('vouchsafe_log_events{mode="live"}')).toBe(0);
    expect(valueOf('vouchsafe_log_short_of_space{mode="live"}')).toBe(0);
    for (const mode of ['live', 'sandbox']) expect([valueOf(`vouchsafe_parked_messages{mode="${mode}"}`), valueOf(`vouchsafe_parked_targets{mode="${mode}"}`)]).toEqual([0, 0]);
    const followers = told.filter((line) => line.startsWith('vouchsafe_projection_lag_events{mode="sandbox"')).map((line) => /service="(\w+)",part="(\w+)"/.exec(line)!.slice(1).join(' '));
    expect(followers.sort()).toEqual([
      'access publisher', 'access views', 'fulfillment publisher', 'fulfillment views', 'insight views', 'inventory publisher', 'inventory views', 'ledger views',
      'order publisher', 'order views', 'redemption publisher', 'redemption views', 'risk publisher', 'risk views',
    ]);
    expect(told.filter((line) => /^vouchsafe_projection_(failing|documents_halted)\{/.test(line) && !line.endsWith(' 0'))).toEqual([]);
  });

  it('has the figures of trade: orders by end and reason, verdicts, stock, books; of commands and flushes', async () => {
    await premises.wire.ask(OrderService.method.placeOrder, [{ number: 'T-2', lines: [{ productId: 'prd_video-month', quantity: 900 }] }], premises.as('chn_dist'));
    const eventually = async (line: string): Promise<void> => {
      for (const until = Date.now() + 30_000; !(await lines()).includes(line) && Date.now() < until; ) await systemClock().sleep(50);
      expect(await lines()).toContain(line);
    };
    for (const line of [
      'vouchsafe_orders_ended_total{mode="sandbox",state="COMPLETED",reason=""} 1', 'vouchsafe_verdicts_total{mode="sandbox",decision="allow"} 2',
      'vouchsafe_commands_total{mode="sandbox",command="inventory.CommitReservation",outcome="ok"} 1', 'vouchsafe_command_seconds_count{mode="sandbox",command="ledger.CaptureHold"} 1',
      'vouchsafe_commands_running{mode="sandbox",command="ledger.CaptureHold"} 0', 'vouchsafe_unbalanced_books{mode="sandbox"} 0', 'vouchsafe_stock_products{mode="live",kind="all"} 0',
    ]) await eventually(line);
    const told = (await lines()).join('\n');
    expect(told).toMatch(/vouchsafe_orders_ended_total\{mode="sandbox",state="REJECTED",reason="[A-Z_]+"\} 1/);
    expect(told).toMatch(/vouchsafe_log_flush_seconds_count\{mode="sandbox"\} [1-9]/);
    expect(told).toMatch(/nodejs_eventloop_utilization /);
  }, 60_000);

  it('has every figure that boards and alerts name, but those of ways between processes', async () => {
    const observability = path.resolve(__dirname, '../../../deploy');
    const boards = path.join(observability, 'observability/dashboards');
    const texts = [readFileSync(path.join(observability, 'helm/vouchsafe/files/alerts.yaml'), 'utf8'), ...readdirSync(boards).map((name) => readFileSync(path.join(boards, name), 'utf8'))];
    const named = new Set(texts.flatMap((text) => [...text.matchAll(/\b((?:vouchsafe|process|nodejs)_[a-z_]+[a-z])\b/g)].map(([, name]) => name!.replace(/_(bucket|sum|count)$/, ''))));
    const told = new Set((await lines()).flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []));
    expect(named.size).toBeGreaterThan(30);
    expect([...named].filter((name) => !told.has(name)).sort()).toEqual([
      'vouchsafe_bus_problems', 'vouchsafe_consumer_lag_messages', 'vouchsafe_forged_messages_total', 'vouchsafe_rpc_served_seconds', 'vouchsafe_rpc_served_total', 'vouchsafe_rpc_silent',
    ]);
  });

  it('shows to who asks in OpenMetrics\' format which call took so long', async () => {
    const told = await premises.http('GET', '/metrics', undefined, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
    expect(told.headers.get('content-type')).toContain('application/openmetrics-text');
    expect(told.text.endsWith('# EOF\n')).toBe(true);
    expect(told.text).toMatch(new RegExp(`vouchsafe_command_seconds_bucket\\{mode="sandbox",command="ledger.CaptureHold",le="[^"]+"\\} 1 # \\{trace_id="${TRACE}"`));
  });

  it('counts lag down to nothing, then says that it is ready', async () => {
    for (const { followers } of premises.platform.namespaces.values()) for (const follower of followers()) await follower.caughtUp();
    const lags = (await lines()).filter((line) => line.startsWith('vouchsafe_projection_lag_events{'));
    expect(lags.filter((line) => !line.endsWith(' 0'))).toEqual([]);
    expect((await premises.http('GET', '/readyz', undefined)).status).toBe(200);
  });
});
