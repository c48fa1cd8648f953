import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import type { Matter } from '../projections/matter.js';
import { mentions, type UnitRef } from './concerns.js';

/** Where one unit was granted, newest first. */
export type GrantOf = { readonly orderId: string; readonly stream: string };
export type TimelinePorts = {
  readonly store: EventStore;
  readonly matters: Collection<Matter>;
  /** Every grant that ever held the unit (a unit returned undisclosed may be sold again). */
  readonly grantsOf: (unit: UnitRef) => Promise<readonly GrantOf[]>;
};

const STREAM_MAX = 2_000;
const CHANNEL_MATTERS_MAX = 200;

const byTime = (a: RecordedEvent, b: RecordedEvent): number => a.position - b.position;
const unique = (events: readonly RecordedEvent[]): readonly RecordedEvent[] => {
  const byId = new Map(events.map((event) => [`${event.stream}/${event.revision}`, event]));
  return [...byId.values()].sort(byTime);
};

/** All events of a stream, at most {@link STREAM_MAX}. */
const whole = (store: EventStore, stream: string): Promise<readonly RecordedEvent[]> => store.readStream(stream, { max: STREAM_MAX });

/** The events a matter names, fetched by stream and revision, in runs. */
const ofMatter = async (store: EventStore, matter: Matter): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for (const [stream, revisions] of matter.streams) {
    const wanted = new Set(revisions);
    for (let from = revisions[0]!; from <= revisions.at(-1)!; ) {
      const page = await store.readStream(stream, { from, max: Math.min(256, revisions.at(-1)! - from + 1) });
      if (page.length === 0) break;
      events.push(...page.filter((event) => wanted.has(event.revision)));
      const next = revisions.find((revision) => revision > page.at(-1)!.revision);
      if (next === undefined) break;
      from = next;
    }
  }
  return events;
};

/** Everything that belongs to a correlation: an order with its verdict, stock, money and grants. */
export const matterTimeline = async ({ store, matters }: TimelinePorts, correlation: string): Promise<readonly RecordedEvent[]> => {
  const matter = await matters.get(correlation);
  return matter ? unique(await ofMatter(store, matter.value)) : [];
};

/** An order's life: its matter, and what happened to its units afterwards. */
export const orderTimeline = async (ports: TimelinePorts, orderId: string): Promise<readonly RecordedEvent[]> => {
  const events = await matterTimeline(ports, orderId);
  const grants = [...new Set(events.map((event) => event.stream).filter((stream) => stream.startsWith('grant-')))];
  const later = await Promise.all(grants.map((stream) => whole(ports.store, stream)));
  return unique([...events, ...later.flat(), ...(await whole(ports.store, `order-${orderId}`))]);
};

/** One voucher's life: its batch, every order it was sold in, its grants, and what was done with exactly this unit. */
export const voucherTimeline = async (ports: TimelinePorts, unit: UnitRef): Promise<readonly RecordedEvent[]> => {
  const grants = await ports.grantsOf(unit);
  const parts = [await whole(ports.store, `batch-${unit.batchId}`)];
  for (const { orderId, stream } of grants) {
    const matter = await matterTimeline(ports, orderId);
    parts.push(matter.filter((event) => !event.stream.startsWith('grant-') || event.stream === stream), await whole(ports.store, stream));
  }
  const direct = unique(parts.flat()).filter((event) => mentions(event.data, unit) !== 'other');
  const causes = [...new Set(direct.map((event) => event.correlation))].filter((id) => !grants.some((grant) => grant.orderId === id));
  const effects = await Promise.all(causes.map((id) => matterTimeline(ports, id)));
  return unique([...direct, ...effects.flat().filter((event) => mentions(event.data, unit) === 'this' || /^(account|journal)-/.test(event.stream))]);
};

/** The newest matters that name a channel or account. */
export const aboutTimeline = async ({ store, matters }: TimelinePorts, id: string): Promise<readonly RecordedEvent[]> => {
  const found = await matters.find({ where: { about: { has: id } }, orderBy: [['until', 'desc']], limit: CHANNEL_MATTERS_MAX });
  const events = await Promise.all(found.map((doc) => ofMatter(store, doc.value)));
  return unique(events.flat().filter((event) => event.stream !== `order-${id}`));
};
