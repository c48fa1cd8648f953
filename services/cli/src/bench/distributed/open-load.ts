import { connected, type LoadPlan, newTally, oneCall, quantileOf } from '../load.js';

export type OpenPlan = Pick<LoadPlan, 'target' | 'path' | 'key' | 'sessions' | 'request' | 'wrong'> & {
  /** Calls begun a second, whatever becomes of those before. */
  readonly perSecond: number;
  readonly seconds: number;
};
/** Latencies in milliseconds, from the moment a call was due. */
export type OpenResult = {
  readonly offeredPerSecond: number;
  /** Answered as it should be, a second, from the first call due to the last answer. */
  readonly donePerSecond: number;
  readonly calls: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly statuses: Readonly<Record<string, number>>;
};

const TICK_MS = 2;

/**
 * Open-loop load: calls begin by the clock, and a call's time runs from when it was due, so that a server (or a generator) that
 * stands still for a while is not forgiven the calls it held up. Ends when the last is answered.
 */
export const runOpenLoad = async (plan: OpenPlan): Promise<OpenResult> => {
  const sessions = await Promise.all(Array.from({ length: plan.sessions }, () => connected(plan.target)));
  const tally = newTally();
  const open: Promise<void>[] = [];
  const from = performance.now();
  const total = Math.round(plan.perSecond * plan.seconds);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (; open.length < total; ) {
        const due = from + (open.length * 1000) / plan.perSecond;
        if (due > performance.now()) return;
        open.push(oneCall(sessions[open.length % sessions.length]!, plan, open.length, tally, due));
      }
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(open);
  const seconds = (performance.now() - from) / 1000;
  for (const session of sessions) session.close();
  const at = quantileOf(tally.latencies);
  return {
    offeredPerSecond: plan.perSecond, donePerSecond: (tally.calls - tally.failed) / seconds, calls: tally.calls, failed: tally.failed,
    p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1), statuses: tally.statuses,
  };
};
