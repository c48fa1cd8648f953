import type { Json } from '@vouchsafe/codec';
import type { ProjectedMeta, Projection } from '@vouchsafe/read-store';

/** Any stored event, undecoded: insight watches all contexts and decides nothing. */
export type AnyEvent = { readonly type: string; readonly data: Json };

/** Where the events of one matter (one correlation, usually an order) lie: revisions by stream, in the order they were first met. */
export type Matter = {
  readonly streams: readonly (readonly [stream: string, revisions: readonly number[]])[];
  readonly count: number;
  /** Channels and accounts named in it, for their timelines. */
  readonly about: readonly string[];
  readonly since: number;
  readonly until: number;
};

/** A matter of more events is cut here; its own streams still hold them all. */
const EVENTS_MAX = 4_000;
const ABOUT_MAX = 20;
/** Many events of one channel are matters of their own; these categories are read as whole streams instead. */
const namedIn = (data: Json): readonly string[] => {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return [];
  const { channelId, accountId, settlementAccountId } = data as Record<string, Json>;
  return [channelId, accountId, settlementAccountId].filter((value): value is string => typeof value === 'string');
};

const withRevision = (matter: Matter, { stream, revision, recordedAt }: ProjectedMeta, about: readonly string[]): Matter => {
  const at = matter.streams.findIndex(([known]) => known === stream);
  const added = about.filter((id) => !matter.about.includes(id));
  return {
    streams: at < 0 ? [...matter.streams, [stream, [revision]]] : matter.streams.with(at, [stream, [...matter.streams[at]![1], revision]]),
    count: matter.count + 1,
    about: added.length > 0 ? [...matter.about, ...added].slice(0, ABOUT_MAX) : matter.about,
    since: matter.since || recordedAt,
    until: recordedAt,
  };
};

/** Where to find everything that belongs to one correlation. Answers GetTimeline. */
export const matters: Projection<AnyEvent, Matter> = {
  collection: { name: 'matters_v2', indexes: [{ fields: ['until', 'about'] }] },
  idsOf: (_event, meta) => [meta.correlation],
  apply: (matter = { streams: [], count: 0, about: [], since: 0, until: 0 }, event, meta) =>
    matter.count >= EVENTS_MAX ? matter : withRevision(matter, meta, namedIn(event.data)),
};
