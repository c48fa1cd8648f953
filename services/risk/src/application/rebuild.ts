import type { EventCodec } from '@vouchsafe/codec';
import { categoryOf, type EventStore, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import type { SignalEvent } from '../domain/signal.js';
import type { VerdictEvent } from '../domain/verdict.js';
import type { Lists } from './lists.js';
import type { RuleSetShelf } from './rulesets.js';
import type { RiskWindows } from './windows/risk-windows.js';

const PAGE = 2_000;
/** Categories the windows are a fold of. */
export const WINDOW_CATEGORIES = ['verdict', 'signal'] as const;
export type WindowCodecs = { readonly verdict: EventCodec<VerdictEvent>; readonly signal: EventCodec<SignalEvent> };

/** Takes a recorded event into the windows. Types this binary does not know are passed over: windows are watched, not decided from. */
export const takeIn = (windows: RiskWindows, codecs: WindowCodecs, { stream, type, data }: RecordedEvent): void => {
  if (categoryOf(stream) === 'verdict') {
    const verdict = codecs.verdict.decode(type, data);
    if (verdict) windows.order(verdict);
    return;
  }
  const signal = codecs.signal.decode(type, data);
  if (signal) windows.signal(signal);
};

/** Rebuilds the windows from the verdicts and signals behind `from`, all of them by default, in one pass. */
export const rebuildWindows = async (
  windows: RiskWindows, { codecs, store, from = START }: { readonly codecs: WindowCodecs; readonly store: EventStore; readonly from?: Position | undefined },
): Promise<{ readonly after: Position; readonly events: number }> => {
  let after = from;
  let events = 0;
  for (;;) {
    const page = await store.readAll({ after, categories: WINDOW_CATEGORIES, max: PAGE });
    for (const event of page.events) takeIn(windows, codecs, event);
    events += page.events.length;
    after = page.next;
    if (page.atEnd) return { after, events };
  }
};

export type Followed = { readonly windows: RiskWindows; readonly codecs: WindowCodecs; readonly store: EventStore; readonly shelf: RuleSetShelf; readonly lists: Lists };

/** Takes in what is decided from `after` on, by this process or another, where several write: windows, rules and lists. */
export const followAll = async ({ windows, codecs, store, shelf, lists }: Followed, after: Position, signal: AbortSignal): Promise<void> => {
  for await (const { events } of store.subscribe({ after, categories: [...WINDOW_CATEGORIES, 'ruleset', 'list'], signal })) {
    for (const event of events) {
      const category = categoryOf(event.stream);
      if (category === 'ruleset') await shelf.start();
      else if (category === 'list') await lists.reload(event.stream.slice('list-'.length));
      else takeIn(windows, codecs, event);
    }
  }
};
