import { SERVICE_PROJECTIONS } from '@vouchsafe/all-in-one';
import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Namespace } from '@vouchsafe/runtime';
import { allEvents, openLog } from './open-log.js';

/** A stored event that the services of this version cannot read. */
export type UnreadableEvent = Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'type'> & { readonly why: string };

const TOLD_MAX = 5;
const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));

/** The first few events of a stopped directory's log that no service of this version can read, or that `failure` names. Reads all of it. */
export const unreadableEvents = async (data: string, namespace: Namespace, failure: string): Promise<readonly UnreadableEvent[]> => {
  const decoders = decodersByCategory();
  const store = await openLog(data, namespace);
  const found: UnreadableEvent[] = [];
  try {
    for await (const { stream, revision, position, type, data: told } of allEvents(store)) {
      const why = whyNot(decoders.get(categoryOf(stream)) ?? [], type, told) ?? (failure.includes(`${type} in ${stream} `) ? failure : undefined);
      if (why !== undefined) found.push({ stream, revision, position, type, why });
      if (found.length === TOLD_MAX) break;
    }
    return found;
  } finally {
    await store.close();
  }
};

type Decode = (type: string, data: unknown) => unknown;
const decodersByCategory = (): ReadonlyMap<string, readonly Decode[]> => {
  const byCategory = new Map<string, Set<Decode>>();
  for (const { categories, codec } of Object.values(SERVICE_PROJECTIONS).flatMap((projections) => projections())) {
    for (const category of categories) byCategory.set(category, (byCategory.get(category) ?? new Set()).add(codec.decode));
  }
  return new Map([...byCategory].map(([category, decoders]) => [category, [...decoders]]));
};
const whyNot = (decoders: readonly Decode[], type: string, data: unknown): string | undefined => {
  for (const decode of decoders) {
    try {
      decode(type, data);
    } catch (error) {
      return String(error);
    }
  }
  return undefined;
};
