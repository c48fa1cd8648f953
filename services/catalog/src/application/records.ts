import type { EventCodec } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore } from '@vouchsafe/event-store';
import { type Decider, type Details, invariant } from '@vouchsafe/kernel';
import type { Clock, Random } from '@vouchsafe/runtime';
import {
  bookDecider, channelDecider, listingDecider, priceListDecider, productDecider, productGroupDecider, supplierDecider,
} from '../domain/deciders.js';
import type { Kind, Specs } from '../domain/kinds.js';
import type { TerminalSpec } from '../domain/records.js';
import { type Store, type StoreCommand, storeDecider, type StoreEvent, type StoreRejection } from '../domain/store.js';
import type { Versioned, VersionedCommand, VersionedEvent } from '../domain/versioned.js';
import type { CatalogueMemory } from './catalogue-memory.js';

/** Stream category of each kind; a terminal lives in its store's stream. */
export const CATEGORY: { readonly [K in Kind]: string } = {
  Book: 'book', ProductGroup: 'productgroup', Supplier: 'supplier', Channel: 'channel', Product: 'product', PriceList: 'pricelist',
  Store: 'store', Terminal: 'store', Listing: 'listing',
};
export type Codecs = { readonly [K in Exclude<Kind, 'Store' | 'Terminal'>]: EventCodec<VersionedEvent<K, Specs[K]>> } & { readonly Store: EventCodec<StoreEvent> };
export type Saved<S> = { readonly ok: true; readonly record: Versioned<S> } | { readonly ok: false; readonly code: StoreRejection; readonly details: Details };
type How = { readonly envelope: Envelope; /** Decide only. */ readonly dryRun: boolean };
export type Save<S> = How & { readonly command: VersionedCommand<S> };
export type RecordsPorts = { readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly codecs: Codecs; readonly memory: CatalogueMemory };

type Saver<S> = (save: Save<S>) => Promise<Saved<S>>;
type Savers = { readonly [K in Kind]: Saver<Specs[K]> };

/** Decides catalogue records, one stream each; the memory has an accepted version before the caller has its answer. */
export class Records {
  readonly #savers: Savers;

  constructor(ports: RecordsPorts) {
    const { codecs } = ports;
    const stores = storeHost(ports);
    this.#savers = {
      Book: saverOf(ports, 'Book', bookDecider, codecs.Book),
      ProductGroup: saverOf(ports, 'ProductGroup', productGroupDecider, codecs.ProductGroup),
      Supplier: saverOf(ports, 'Supplier', supplierDecider, codecs.Supplier),
      Channel: saverOf(ports, 'Channel', channelDecider, codecs.Channel),
      Product: saverOf(ports, 'Product', productDecider, codecs.Product),
      PriceList: saverOf(ports, 'PriceList', priceListDecider, codecs.PriceList),
      Listing: saverOf(ports, 'Listing', listingDecider, codecs.Listing),
      Store: async (save) => stored(await runStore(stores, save.command.id, { type: 'Store', command: save.command }, save), ({ store }) => store),
      Terminal: async (save) => {
        const { command } = save;
        const answer = await runStore(stores, storeOf(command), { type: 'Terminal', command }, save);
        return stored(answer, ({ terminals }) => terminals.find(({ id }) => id === command.id));
      },
    };
  }

  /** Creates or revises a record. The caller has checked it against the others ({@link CatalogueMemory}). May be called again. */
  save<K extends Kind>(kind: K, save: Save<Specs[K]>): Promise<Saved<Specs[K]>> {
    const saver: Saver<Specs[K]> = this.#savers[kind];
    return saver(save);
  }
}

const storeOf = (command: VersionedCommand<TerminalSpec>): string => command.spec.storeId;

/** A decider with an append that is left out in a dry run. */
const run = async <S, C, E extends { readonly type: string }, R extends string>(
  host: DeciderHost<S, C, E, R>, decider: Decider<S, C, E, R>, stream: string, command: C, { envelope, dryRun }: How,
): Promise<{ ok: true; state: S } | { ok: false; code: R; details: Details }> => {
  if (!dryRun) return host.handle(stream, command, envelope);
  const { state } = await host.load(stream);
  const decision = decider.decide(command, state);
  return decision.ok ? { ok: true, state: decision.events.reduce(decider.evolve, state) } : decision;
};

const saverOf = <K extends Exclude<Kind, 'Store' | 'Terminal'>>(
  { store, clock, random, memory }: RecordsPorts,
  kind: K,
  decider: Decider<Versioned<Specs[K]> | undefined, VersionedCommand<Specs[K]>, VersionedEvent<K, Specs[K]>, StoreRejection>,
  codec: EventCodec<VersionedEvent<K, Specs[K]>>,
): Saver<Specs[K]> => {
  const host = new DeciderHost({ store, clock, random, decider, codec, onAccepted: (_, { state }) => memory.put(kind, state!) });
  return async (save) => stored(await run(host, decider, `${CATEGORY[kind]}-${save.command.id}`, save.command, save), (state) => state);
};

type StoreHost = DeciderHost<Store, StoreCommand, StoreEvent, StoreRejection>;
const storeHost = ({ store, clock, random, memory, codecs }: RecordsPorts): StoreHost =>
  new DeciderHost({
    store, clock, random, decider: storeDecider, codec: codecs.Store,
    onAccepted: (_, { state }) => {
      if (state.store) memory.put('Store', state.store);
      for (const terminal of state.terminals) memory.put('Terminal', terminal);
    },
  });
const runStore = (host: StoreHost, storeId: string, command: StoreCommand, how: How) => run(host, storeDecider, `store-${storeId}`, command, how);

const stored = <S, T>(answer: { ok: true; state: S } | { ok: false; code: StoreRejection; details: Details }, pick: (state: S) => Versioned<T> | undefined): Saved<T> => {
  if (!answer.ok) return { ok: false, code: answer.code, details: answer.details };
  const record = pick(answer.state);
  invariant(record, 'what was accepted is there');
  return { ok: true, record };
};
