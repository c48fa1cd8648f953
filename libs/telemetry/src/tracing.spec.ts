import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { Fault } from '@vouchsafe/kernel';
import { otlpTracing } from './otlp-tracing.js';
import { startTracing } from './start-tracing.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import { noTracing } from './tracing.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('is read and written as W3C says', () => {
    const parsed = parseTraceparent(PARENT);
    expect(parsed).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true });
    expect(formatTraceparent(parsed!)).toBe(PARENT);
    expect(parseTraceparent(`${PARENT.slice(0, -1)}0`)?.sampled).toBe(false);
  });

  it.each([
    undefined, '', 'x', PARENT.toUpperCase(), `ff${PARENT.slice(2)}`, '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', `${PARENT}0`,
  ])('%p is none', (text) => expect(parseTraceparent(text)).toBeUndefined());
});

describe('tracing', () => {
  const setUp = (sampleRatio = 1) => {
    const exporter = new InMemorySpanExporter();
    const tracing = otlpTracing({ serviceName: 'vouchsafe', serviceVersion: '1', endpoint: 'http://127.0.0.1:1', sampleRatio, exporter });
    return { tracing, spans: () => exporter.getFinishedSpans() };
  };

  it('is off without an exporter: work runs, a caller\'s traceparent is handed on', async () => {
    const tracing = await startTracing({ name: 'vouchsafe', version: '1' }, {});
    expect(tracing).toBe(noTracing);
    expect(await tracing.inSpan('x', { parent: PARENT }, async ({ traceparent }) => traceparent)).toBe(PARENT);
    expect(await tracing.inSpan('x', {}, async ({ traceparent }) => traceparent)).toBeUndefined();
  });

  it('continues a caller\'s trace and hands on its own place in it', async () => {
    const { tracing, spans } = setUp();
    await tracing.inSpan('outer', { parent: PARENT, attributes: { product: 'prd_1' } }, (outer) => tracing.inSpan('inner', { parent: outer.traceparent! }, async () => {}));
    const [inner, outer] = spans();
    expect(outer).toMatchObject({ name: 'outer', attributes: { product: 'prd_1' }, parentSpanContext: { spanId: 'b7ad6b7169203331' } });
    expect(outer!.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
  });

  it('marks a fault as failed, a "no" as an answer', async () => {
    const { tracing, spans } = setUp();
    await expect(tracing.inSpan('fails', {}, async () => {
      throw new Fault('STORE_DOWN', 'down');
    })).rejects.toThrow('down');
    tracing.start('PlaceOrder', {}, PARENT).end({ code: 'UNAVAILABLE', kind: 'unavailable' });
    tracing.start('GetOrder', {}, undefined).end({ code: 'ORDER_UNKNOWN', kind: 'missing' });
    expect(spans().map(({ name, status, attributes }) => [name, status.code, attributes])).toEqual([
      ['fails', 2, {}],
      ['PlaceOrder', 2, { 'outcome.code': 'UNAVAILABLE', 'outcome.kind': 'unavailable' }],
      ['GetOrder', 0, { 'outcome.code': 'ORDER_UNKNOWN', 'outcome.kind': 'missing' }],
    ]);
  });

  it('records the share of new traces it is told to, and follows a caller who decided', async () => {
    const { tracing, spans } = setUp(0);
    await tracing.inSpan('new', {}, async () => {});
    await tracing.inSpan('asked for', { parent: PARENT }, async () => {});
    expect(spans().map(({ name }) => name)).toEqual(['asked for']);
  });
});
