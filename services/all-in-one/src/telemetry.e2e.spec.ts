import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { formatTraceparent, noTracing, parseTraceparent, type Tracing } from '@vouchsafe/telemetry';
import { parseConfig } from './config.js';
import { Premises } from './door/testing/premises.js';
import { openTracing } from '@vouchsafe/process';

type Span = { readonly name: string; readonly traceId: string; readonly spanId: string; readonly parent: string | undefined };

/** Tracing that keeps the spans it is told of. */
const recordingTracing = (): Tracing & { readonly spans: Span[]; stopped: boolean } => {
  const spans: Span[] = [];
  const begin = (name: string, parent: string | undefined): string => {
    const known = parseTraceparent(parent);
    const spanId = String(spans.length + 1).padStart(16, '0');
    const traceId = known?.traceId ?? spanId.padStart(32, 'f');
    spans.push({ name, traceId, spanId, parent: known?.spanId });
    return formatTraceparent({ traceId, spanId, sampled: true });
  };
  const recording = {
    enabled: true, spans, stopped: false,
    inSpan: <T>(name: string, { parent }: { readonly parent?: string }, work: (span: { readonly traceparent: string; set(): void }) => Promise<T>) => work({ traceparent: begin(name, parent), set: () => {} }),
    start: (name: string, _attributes: object, parent: string | undefined) => ({ traceparent: begin(name, parent), end: () => {} }),
    stop: async () => { recording.stopped = true; },
  };
  return recording;
};

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

describe('spans', () => {
  it('are made for a call and for every command it causes, in the trace of the caller', async () => {
    const tracing = recordingTracing();
    const premises = await Premises.open({ more: { tracing } });
    await stock(premises);
    await order(premises);
    await premises.close();
    const mine = tracing.spans.filter(({ traceId }) => traceId === TRACE);
    const call = mine.find(({ name }) => name.endsWith('PlaceOrder'));
    expect(call?.parent).toBe(CALLER);
    const commands = mine.filter(({ parent }) => parent === call?.spanId).map(({ name }) => name);
    expect(commands).toEqual(expect.arrayContaining(['inventory ReserveVouchers', 'redemption ActivateGrant', 'inventory CommitReservation']));
    expect(commands.filter((name) => name.startsWith('ledger ')).length).toBeGreaterThanOrEqual(2);
    expect(tracing.stopped).toBe(true);
  }, 30_000);

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

  it('counts lag down to nothing, then says that it is ready', async () => {
    for (const { followers } of premises.platform.namespaces.values()) for (const follower of followers()) await follower.caughtUp();
    const lags = (await lines()).filter((line) => line.startsWith('vouchsafe_projection_lag_events{'));
    expect(lags.filter((line) => !line.endsWith(' 0'))).toEqual([]);
    expect((await premises.http('GET', '/readyz', undefined)).status).toBe(200);
  });
});
