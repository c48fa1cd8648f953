import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { FormFigures, FullPhase, RatePhase } from './phases.js';
import { runOpenLoad } from './open-load.js';
import { goalsOf, tables } from './present.js';
import { withCpu } from './processes.js';
import { lagIn, withLag } from './view-lag.js';

const CPU = { each: { order: 2, load: 1 }, total: 2, cores: 0.5 };
const LAG = { p50Ms: 40, maxMs: 90 };
const rate = (offeredPerSecond: number, more: Partial<RatePhase> = {}): RatePhase => ({
  offeredPerSecond, donePerSecond: offeredPerSecond, calls: 100, failed: 0, p50Ms: 30, p90Ms: 60, p99Ms: 200, maxMs: 250, statuses: {}, cpu: CPU, lag: LAG, ...more,
});
const full = (perSecond: number): FullPhase => ({ calls: 100, failed: 0, seconds: 1, perSecond, p50Ms: 300, p99Ms: 500, statuses: {}, inFlight: 64, cpu: CPU, lag: LAG });
const report = (apart: Pick<FormFigures, 'rates' | 'full'>) => ({
  behind: ['bus: Kafka'], hops: [{ what: 'bare Kafka', times: 5, p50Ms: 0.7, p99Ms: 5 }], loadBefore: 0.2,
  forms: [{ form: 'embedded' as const, warmOrders: 1, rates: [rate(75)], full: full(2_000) }, { form: 'distributed' as const, warmOrders: 1, ...apart }],
});

describe('the distributed bench', () => {
  it('reaches its goals at 75 orders a second and at saturation, or says which it misses', () => {
    expect(goalsOf(report({ rates: [rate(75)], full: full(160) })).map(({ met }) => met)).toEqual([true, true, true]);
    expect(goalsOf(report({ rates: [rate(75, { p50Ms: 61, p99Ms: 301 })], full: full(149) })).map(({ met }) => met)).toEqual([false, false, false]);
    expect(goalsOf(report({ rates: [rate(50)], full: full(160) })).map(({ met }) => met)).toEqual([false, false, true]);
  });

  it('takes no rate for reached at which orders were not delivered', () => {
    expect(goalsOf(report({ rates: [rate(75, { failed: 1 })], full: full(160) })).map(({ met }) => met)).toEqual([false, false, true]);
  });

  it('shows what stood behind the ports, both forms, each step, and what was refused', () => {
    const lines = tables(report({ rates: [rate(75, { failed: 2, statuses: { 8: 2 } })], full: full(160) })).join('\n');
    for (const text of ['bus: Kafka', 'embedded at 75/s', 'distributed, 64 at a time', 'bare Kafka', 'distributed 75/s: {"8":2}', 'order 2.00', '✔ orders/s at saturation']) expect(lines).toContain(text);
  });

  it('reads how far views are behind from the figures of those that every order concerns', () => {
    const figure = (service: string, part: string, seconds: number): string => `vouchsafe_projection_lag_seconds{mode="sandbox",service="${service}",part="${part}"} ${seconds}`;
    expect(lagIn([figure('order', 'views', 0.12), figure('order', 'publisher', 9), figure('catalog', 'views', 700), figure('ledger', 'views', 0.5)].join('\n'))).toBe(500);
    expect(lagIn('')).toBe(0);
  });

  it('looks at the views of all processes while work is done, and tells the slowest', async () => {
    const lags = [0.1, 0.3];
    const metrics = lags.map((lag) => async () => `vouchsafe_projection_lag_seconds{mode="sandbox",service="order",part="views"} ${lag}`);
    expect(await withLag(metrics, async () => 'done', 1)).toEqual({ result: 'done', lag: { p50Ms: 300, maxMs: 300 } });
  });

  it('bills the CPU of each process by what was done, the load’s own apart', async () => {
    const spin = (): void => { for (const end = process.cpuUsage().user + 60_000; process.cpuUsage().user < end; ); };
    const { result, cpu } = await withCpu(new Map([['order', process.pid], ['load', process.pid]]), async () => {
      spin();
      return { calls: 3, failed: 1 };
    });
    expect(result.calls).toBe(3);
    if (process.platform !== 'linux') return;
    expect(cpu.each['order']).toBeGreaterThan(0);
    expect(cpu.total).toBe(cpu.each['order']);
  });

  it('offers orders by the clock and counts an answer’s time from when its call was due', async () => {
    const server = http2.createServer();
    let open = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    server.on('stream', (stream) => {
      most = Math.max(most, ++open);
      answers.push(() => {
        open--;
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      });
      // None is answered before all have come: a closed loop would wait for ever.
      if (answers.length === 10) for (const answer of answers) answer();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const result = await runOpenLoad({ target: `127.0.0.1:${port}`, path: '/x', key: '', sessions: 2, perSecond: 100, seconds: 0.1, request: () => new Uint8Array() });
    server.close();
    expect(most).toBe(10);
    expect(result).toMatchObject({ calls: 10, failed: 0, offeredPerSecond: 100, statuses: {} });
    expect(result.maxMs).toBeGreaterThan(0);
  });
});
