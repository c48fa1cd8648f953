import type { Clock, Log } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import { FedLog } from './fed-log.js';

export type ReadTogether = FollowedLog & { stop(): void };

/**
 * The log for several runners of one process that begin at one time, for instance to build all views afresh: each event is read and
 * made once for all of them. Its events' data is not frozen. Where the log hands on no records, the log itself. `begun`: settles
 * once all are about to follow. To be stopped before the runners are.
 */
export const readTogether = (store: FollowedLog, { clock, log, begun }: { readonly clock: Clock; readonly log: Log; readonly begun: () => Promise<unknown> }): ReadTogether => {
  const { feed } = store;
  if (!feed) {
    return { head: (of) => store.head(of), durable: (position) => store.durable(position), readAll: (options) => store.readAll(options), subscribe: (options) => store.subscribe(options), stop: () => undefined };
  }
  const stopped = new AbortController();
  const fed = new FedLog({ read: (after, maxBytes) => feed.read(after, maxBytes, stopped.signal), clock, log, ready: begun }, store.head());
  return {
    head: () => fed.head(), durable: (position) => fed.durable(position), readAll: (options) => fed.readAll(options), subscribe: (options) => fed.subscribe(options),
    stop: () => {
      fed.stop();
      stopped.abort();
    },
  };
};
