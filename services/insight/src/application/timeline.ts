import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import type { Matter } from '../projections/matter.js';
import type { TillClaim } from '../projections/till-claim.js';
import { mentions, type UnitRef } from './concerns.js';

/** Where one unit was granted, newest first. */
export type GrantOf = { readonly orderId: string; readonly stream: string };
export type TimelinePorts = {
  readonly store: EventStore;
  readonly matters: Collection<Matter>;
  readonly claims: Collection<TillClaim>;
  /** Every grant that ever held the unit (a unit returned undisclosed may be sold again). */
  readonly grantsOf: (unit: UnitRef) => Promise<readonly GrantOf[]>;
};

const STREAM_MAX = 2_000;
const CHANNEL_MATTERS_MAX = 200;
const CLAIMS_MAX = 2_000;
const REVISIONS_PAGE = 256;

const byTime = (a: RecordedEvent, b: RecordedEvent): number => a.position - b.position;
const unique = (events: readonly RecordedEvent[]): readonly RecordedEvent[] => {
  const byId = new Map(events.map((event) => [`${event.stream}/${event.revision}`, event]));
  return [...byId.values()].sort(byTime);
};

/** All events of a stream, at most {@link STREAM_MAX}. */
const whole = async (store: EventStore, stream: string): Promise<readonly RecordedEvent[]> => store.readStream(stream, { max: STREAM_MAX });

/** The events at these revisions of a stream, in runs. */
const at = async (store: EventStore, stream: string, revisions: readonly number[]): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  const wanted = new Set(revisions);
  for (let from = revisions[0]!; from <= revisions.at(-1)!; ) {
    const page = await store.readStream(stream, { from, max: Math.min(REVISIONS_PAGE, revisions.at(-1)! - from + 1) });
    if (page.length === 0) break;
    events.push(...page.filter((event) => wanted.has(event.revision)));
    const next = revisions.find((revision) => revision > page.at(-1)!.revision);
    if (next === undefined) break;
    from = next;
  }
  return events;
};
/** The events a matter names. */
const ofMatter = async (store: EventStore, { streams }: Matter): Promise<readonly RecordedEvent[]> =>
  (await Promise.all(streams.map(([stream, revisions]) => at(store, stream, revisions)))).flat();

/** What tills wanted with one unit, or with the units of an order: each claim, and its refusal where it was refused. */
const atTills = async ({ store, claims }: TimelinePorts, where: { readonly unit: string } | { readonly order: string }): Promise<readonly RecordedEvent[]> => {
  const byStream = new Map<string, number[]>();
  for (const { value } of await claims.find({ where, limit: CLAIMS_MAX })) byStream.set(value.stream, [...(byStream.get(value.stream) ?? []), ...value.revisions]);
  const events = await Promise.all([...byStream].map(([stream, revisions]) => at(store, stream, revisions.sort((a, b) => a - b))));
  return events.flat();
};

/** Everything that belongs to a correlation: an order with its verdict, stock, money and grants. */
export const matterTimeline = async ({ store, matters }: TimelinePorts, correlation: string): Promise<readonly RecordedEvent[]> => {
  const matter = await matters.get(correlation);
  return matter ? unique(await ofMatter(store, matter.value)) : [];
};

/** An order's life: its matter, what happened to its units afterwards, and where they were presented. */
export const orderTimeline = async (ports: TimelinePorts, orderId: string): Promise<readonly RecordedEvent[]> => {
  const events = await matterTimeline(ports, orderId);
  const grants = [...new Set(events.map((event) => event.stream).filter((stream) => stream.startsWith('grant-')))];
  const later = await Promise.all(grants.map((stream) => whole(ports.store, stream)));
  return unique([...events, ...later.flat(), ...(await atTills(ports, { order: orderId })), ...(await whole(ports.store, `order-${orderId}`))]);
};

/** One voucher's life: its batch, every order it was sold in, its grants, what was done with exactly this unit, and where it was presented, in vain too. */
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
  const presented = await atTills(ports, { unit: `${unit.batchId}/${unit.index}` });
  return unique([...direct, ...presented, ...effects.flat().filter((event) => mentions(event.data, unit) === 'this' || /^(account|journal)-/.test(event.stream))]);
};

/** The newest matters that name a channel or account. */
export const aboutTimeline = async ({ store, matters }: TimelinePorts, id: string): Promise<readonly RecordedEvent[]> => {
  const found = await matters.find({ where: { about: { has: id } }, orderBy: [['until', 'desc']], limit: CHANNEL_MATTERS_MAX });
  const events = await Promise.all(found.map((doc) => ofMatter(store, doc.value)));
  return unique(events.flat().filter((event) => event.stream !== `order-${id}`));
};
