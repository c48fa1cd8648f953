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
const NAMES = ['channelId', 'accountId', 'settlementAccountId'] as const;
/** `about` and who is named in `data`; the same list where nobody is that is not in it. */
const withNames = (about: readonly string[], data: Json): readonly string[] => {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return about;
  let named = about;
  for (const name of NAMES) {
    const id = (data as Record<string, Json>)[name];
    if (typeof id === 'string' && named.length < ABOUT_MAX && !about.includes(id)) named = [...named, id];
  }
  return named;
};
const withPlace = (streams: Matter['streams'], { stream, revision }: ProjectedMeta): Matter['streams'] => {
  for (let at = 0; at < streams.length; at++) {
    if (streams[at]![0] === stream) return streams.with(at, [stream, [...streams[at]![1], revision]]);
  }
  return [...streams, [stream, [revision]]];
};

/** Where to find everything that belongs to one correlation. Answers GetTimeline. */
export const matters: Projection<AnyEvent, Matter> = {
  collection: { name: 'matters_v2', indexes: [{ fields: ['until', 'about'] }] },
  idsOf: (_event, meta) => [meta.correlation],
  apply: (matter = { streams: [], count: 0, about: [], since: 0, until: 0 }, event, meta) => {
    if (matter.count >= EVENTS_MAX) return matter;
    return {
      streams: withPlace(matter.streams, meta), count: matter.count + 1, about: withNames(matter.about, event.data), since: matter.since || meta.recordedAt, until: meta.recordedAt,
    };
  },
};
