import type { Json } from '@vouchsafe/codec';
import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import { invariant } from '@vouchsafe/kernel';
import { type Lag, type ReadStore, startFollower } from '@vouchsafe/read-store';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { Bus, EventMessage } from './port.js';

export type PublisherOptions = {
  /** Whose events these are, e.g. `inventory`; names the checkpoint too. */
  readonly context: string;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  /** The context's stream categories. */
  readonly categories: readonly string[];
  /** The integration event a stored one becomes (often itself). Undefined only for events without `pub`. */
  readonly toIntegration: (event: RecordedEvent) => { readonly type: string; readonly data: Json } | undefined;
  readonly log: Log;
  readonly clock: Clock;
};
export type Publisher = {
  stop(): Promise<void>;
  caughtUp(): Promise<void>;
  lag(): Lag;
  /** Why it does not get on, if it does not. */
  readonly failing: unknown;
  /** For a watchdog: begins anew a subscription that delivers nothing although events wait. */
  check(): void;
};

const READ_PAGE = 200;
const READ_MAX = 1000;

/**
 * Follows the store, the outbox, and hands integration events to the bus: at least once, in order per stream. The checkpoint
 * is the position of the last event that was handled. Also serves the context's published events again.
 */
export const startPublisher = async (options: PublisherOptions): Promise<Publisher> => {
  const { context, store, bus, readStore, categories, log, clock } = options;
  bus.servePublished(context, (stream, fromPub, max) => readOwn(options, stream, { fromPub, max: Math.min(max, READ_MAX) }));
  return startFollower({
    name: `publisher/${context}`, store, readStore, categories, log, clock,
    handle: async (events) => {
      const messages = messagesOf(options, events);
      if (messages.length > 0) await bus.publish(messages);
    },
  });
};

const messagesOf = ({ context, toIntegration }: PublisherOptions, events: readonly RecordedEvent[]): EventMessage[] => {
  const messages: EventMessage[] = [];
  for (const event of events) {
    if (event.pub === undefined) continue;
    const integration = toIntegration(event);
    invariant(integration, 'an event with a pub number has an integration event'); // else consumers would wait for the number for ever
    messages.push(toMessage(context, event, integration));
  }
  return messages;
};

/** A published number is at most the revision plus one, so reading starts there. Answers durable events only. */
const readOwn = async (
  options: PublisherOptions, stream: string, { fromPub, max }: { fromPub: number; max: number },
): Promise<readonly EventMessage[]> => {
  const { store, categories } = options;
  if (!categories.some((category) => stream.startsWith(`${category}-`))) return [];
  const found: RecordedEvent[] = [];
  for (let from = Math.max(0, fromPub - 1); found.length < max; ) {
    const page = await store.readStream(stream, { from, max: READ_PAGE });
    for (const event of page) if (event.pub !== undefined && event.pub >= fromPub && found.length < max) found.push(event);
    if (page.length < READ_PAGE) break;
    from = page[page.length - 1]!.revision + 1;
  }
  const last = found[found.length - 1];
  if (last) await store.durable(last.position);
  return messagesOf(options, found);
};

const toMessage = (context: string, event: RecordedEvent, { type, data }: { readonly type: string; readonly data: Json }): EventMessage => ({
  id: event.id, context, type, stream: event.stream, pub: event.pub!, data,
  occurredAt: event.occurredAt, recordedAt: event.recordedAt, correlation: event.correlation, causation: event.causation,
  principal: event.principal, ...(event.trace !== undefined && { trace: event.trace }),
});
