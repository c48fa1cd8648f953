import { categoryOf, type EventStore, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { Kind, Specs } from '../domain/kinds.js';
import { nextVersion, type VersionedData } from '../domain/versioned.js';
import type { CatalogueMemory } from './catalogue-memory.js';
import { CATEGORY, type Codecs } from './records.js';

const PAGE = 1000;
/** Categories whose events make up the catalogue. */
export const CATALOGUE_CATEGORIES = [...new Set(Object.values(CATEGORY))];

const OWNERS = ['Book', 'ProductGroup', 'Supplier', 'Channel', 'Product', 'PriceList', 'Listing', 'Store'] as const satisfies readonly (keyof Codecs)[];
type AnyEvent = { readonly type: string } & VersionedData<Specs[Kind]>;

/** Takes one recorded event into the memory. A type this binary does not know is a Fault: it would price from half a catalogue. */
export const takeIn = (memory: CatalogueMemory, codecs: Codecs, recorded: RecordedEvent): void => {
  const owner = OWNERS.find((kind) => CATEGORY[kind] === categoryOf(recorded.stream));
  const event: AnyEvent | undefined = owner && readable(codecs, owner, recorded);
  if (!event) throw new Fault('STREAM_TOO_NEW', `${recorded.type} in ${recorded.stream} is newer than this binary; upgrade it`, false);
  const kind = event.type.replace(/(Created|Revised)$/, '') as Kind;
  memory.put(kind, nextVersion(memory.get(kind, event.id), event));
};

const readable = (codecs: Codecs, owner: (typeof OWNERS)[number], { type, stream, revision, data }: RecordedEvent): AnyEvent | undefined => {
  try {
    return codecs[owner].decode(type, data);
  } catch (cause) {
    throw new Fault('EVENT_UNREADABLE', `${type} in ${stream} @${revision} cannot be read by this binary: ${String(cause)}`, false, { cause });
  }
};

/** Reads the whole catalogue from its events; answers where it got to. */
export const rebuild = async (memory: CatalogueMemory, codecs: Codecs, store: EventStore): Promise<Position> => {
  let after = START;
  for (;;) {
    const page = await store.readAll({ after, categories: CATALOGUE_CATEGORIES, max: PAGE });
    for (const event of page.events) takeIn(memory, codecs, event);
    after = page.next;
    if (page.atEnd) return after;
  }
};

/** Keeps the memory current with what other replicas write. Needless where one process alone writes. */
export const follow = async (memory: CatalogueMemory, codecs: Codecs, store: EventStore, after: Position, signal: AbortSignal): Promise<void> => {
  for await (const page of store.subscribe({ after, categories: CATALOGUE_CATEGORIES, signal })) {
    for (const event of page.events) takeIn(memory, codecs, event);
  }
};
