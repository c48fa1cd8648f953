import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The trace that what runs just now belongs to, for log lines only: who wrote a line need not know of traces. Spans take their
 * parents from contexts and messages, never from here. Nothing enters it while tracing is off.
 */
const current = new AsyncLocalStorage<string>();

/** Runs `work`, whatever it begins included, within the trace of `traceparent`. */
export const withinTrace = <T>(traceparent: string | undefined, work: () => T): T => (traceparent === undefined || traceparent === '' ? work() : current.run(traceparent, work));

/** `traceparent` of the span that runs just now, if one does. */
export const currentTrace = (): string | undefined => current.getStore();
