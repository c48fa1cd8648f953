import type { EventStore } from '@vouchsafe/event-store';
import type { Kind, Specs } from '../domain/kinds.js';
import { nextVersion, type Versioned, type VersionedData } from '../domain/versioned.js';
import { CATEGORY, type Codecs } from './records.js';

const PAGE = 200;
const CODEC_OF: { readonly [K in Kind]: keyof Codecs } = {
  Book: 'Book', ProductGroup: 'ProductGroup', Supplier: 'Supplier', Channel: 'Channel', Product: 'Product', PriceList: 'PriceList', Listing: 'Listing',
  Store: 'Store', Terminal: 'Store',
};
type Told = { readonly type: string } & VersionedData<Specs[Kind]>;

/** An earlier version of a record, read from its stream; undefined where there is none. `streamId`: the record's, or a terminal's store's. */
export const versionAt = async <K extends Kind>(
  { store, codecs }: { readonly store: EventStore; readonly codecs: Codecs }, kind: K, id: string, streamId: string, version: number,
): Promise<Versioned<Specs[K]> | undefined> => {
  const codec = codecs[CODEC_OF[kind]];
  let record: Versioned<Specs[K]> | undefined;
  for (let from = 0; ; from += PAGE) {
    const events = await store.readStream(`${CATEGORY[kind]}-${streamId}`, { from, max: PAGE });
    for (const recorded of events) {
      const event: Told | undefined = codec.decode(recorded.type, recorded.data);
      if (!event || event.id !== id || !isAbout(kind, event)) continue;
      record = nextVersion(record, event);
      if (record.version === version) return record;
    }
    if (events.length < PAGE) return undefined;
  }
};

const isAbout = <K extends Kind>(kind: K, event: Told): event is Told & VersionedData<Specs[K]> =>
  event.type === `${kind}Created` || event.type === `${kind}Revised`;
