import { type EventMessage, inProcessBus } from '@vouchsafe/bus';
import { memoryStore, type NewEvent, NO_STREAM, START } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { inProcessRpc } from '@vouchsafe/rpc';
import { simulatedClock } from '@vouchsafe/runtime';
import { noTracing } from '@vouchsafe/telemetry';
import { recordedTracing } from '@vouchsafe/telemetry/testing';
import { tracedBus } from './traced-bus.js';
import { tracedRpc, withinTraces } from './traced-rpc.js';
import { tracedStore } from './traced-store.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const OTHER = `00-1${TRACE.slice(1)}-c7ad6b7169203331-01`;
const anEvent = (id: string, trace?: string): NewEvent => ({ id: `0000000${id}-0000-4000-8000-000000000000`, type: 'order.OrderPlaced.v1', data: {}, occurredAt: instant(1), correlation: 'ord_1', causation: 'c', principal: 'p', ...(trace && { trace }) });

describe('tracing that is off', () => {
  it('leaves ports as they are: nothing of it is on the way', () => {
    const [bus, store, rpc] = [inProcessBus(simulatedClock(instant(0))), memoryStore(simulatedClock(instant(0))), inProcessRpc()];
    expect([tracedBus(bus, noTracing) === bus, tracedStore(store, noTracing) === store, tracedRpc(rpc, noTracing) === rpc, withinTraces(rpc, noTracing) === rpc]).toEqual([true, true, true, true]);
  });
});

describe('a traced store', () => {
  it('appends in a span of what caused it, says when it lost, and keeps silent of what has no trace', async () => {
    const { tracing, spans } = recordedTracing();
    const store = tracedStore(memoryStore(simulatedClock(instant(0))), tracing);
    expect(await store.append({ stream: 'order-1', expected: NO_STREAM, events: [anEvent('1', PARENT)] })).toMatchObject({ ok: true });
    expect(await store.append({ stream: 'order-1', expected: NO_STREAM, events: [anEvent('2', PARENT)] })).toMatchObject({ ok: false });
    await store.append({ stream: 'order-2', expected: NO_STREAM, events: [anEvent('3')] });
    expect(spans()).toMatchObject([
      { name: 'append order', traceId: TRACE, parent: 'b7ad6b7169203331', attributes: { 'event.revision': 0, 'event.types': 'order.OrderPlaced.v1' } },
      { name: 'append order', traceId: TRACE, attributes: { 'append.lost': true } },
    ]);
    expect(spans().length).toBe(2);
  });

  it('follows in the trace of an event, linked to those of the others of its batch', async () => {
    const { tracing, spans } = recordedTracing();
    const store = tracedStore(memoryStore(simulatedClock(instant(0))), tracing);
    await store.append({ stream: 'order-1', expected: NO_STREAM, events: [anEvent('1'), anEvent('2', PARENT), anEvent('3', OTHER)] });
    const over = new AbortController();
    for await (const page of store.subscribe({ after: START, categories: ['order'], signal: over.signal })) if (page.events.length > 0) over.abort();
    expect(spans().filter(({ name }) => name.startsWith('follow'))).toMatchObject([{ name: 'follow order', traceId: TRACE, parent: 'b7ad6b7169203331', links: [`1${TRACE.slice(1)}`], attributes: { 'batch.events': 3 } }]);
  });
});

describe('a traced bus', () => {
  it('takes an event up in the trace that recorded it, and hands that on', async () => {
    const { tracing, spans } = recordedTracing();
    const bus = tracedBus(inProcessBus(simulatedClock(instant(0))), tracing);
    const heard: (string | undefined)[] = [];
    bus.subscribe('ledger', ['order'], async ({ trace }) => void heard.push(trace));
    await bus.start();
    const message: EventMessage = { id: 'e1', context: 'order', type: 'order.OrderCompleted.v1', stream: 'order-1', pub: 1, data: {}, occurredAt: instant(1), recordedAt: instant(1), correlation: 'ord_1', causation: 'c', principal: 'p' };
    await bus.publish([{ ...message, trace: PARENT }, { ...message, id: 'e2', pub: 2 }]);
    await bus.stop();
    const [taken] = spans();
    expect(taken).toMatchObject({ name: 'take order.OrderCompleted.v1', traceId: TRACE, parent: 'b7ad6b7169203331', attributes: { 'vouchsafe.group': 'ledger', 'event.pub': 1 } });
    expect(heard).toEqual([`00-${TRACE}-${taken!.spanId}-01`, undefined]);
  });
});
