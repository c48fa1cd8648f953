import { type BookSpec, DEFAULT_BOOK } from '../domain/records.js';
import type { Kind, Specs } from '../domain/kinds.js';
import { type Channel, type Listing, type PriceRow, rowsInOrder, type Terms } from '../domain/terms.js';
import type { Versioned } from '../domain/versioned.js';

type Tables = { readonly [K in Kind]: Map<string, Versioned<Specs[K]>> };
type Sorted = { [K in Kind]?: readonly Versioned<Specs[K]>[] };
const emptyTables = (): Tables => ({
  Book: new Map(), ProductGroup: new Map(), Supplier: new Map(), Channel: new Map(), Product: new Map(), PriceList: new Map(), Store: new Map(),
  Terminal: new Map(), Listing: new Map(),
});
const NOTHING: readonly never[] = [];
const DEFAULT_CURRENCY = 'CNY';

/**
 * The present catalogue in memory: as large as the catalogue, never as the orders. Rebuilt from events at the start and
 * kept current as they are accepted; each record only moves forward.
 */
export class CatalogueMemory implements Terms {
  readonly #tables: Tables;
  readonly #defaultBook: BookSpec;
  readonly #channels = new Map<string, Channel>();
  readonly #prices = new Map<string, Map<string, PriceRow[]>>();
  readonly #listings = new Map<string, Map<string, Listing[]>>();
  readonly #sorted: Sorted = {};

  constructor(defaultBook: BookSpec, tables?: Tables) {
    this.#defaultBook = defaultBook;
    this.#tables = tables ?? emptyTables();
    for (const id of this.#tables.Channel.keys()) {
      this.#indexPrices(id);
      this.#indexListings(id);
    }
  }

  /** A copy to try changes on. */
  copy(): CatalogueMemory {
    const t = this.#tables;
    return new CatalogueMemory(this.#defaultBook, {
      Book: new Map(t.Book), ProductGroup: new Map(t.ProductGroup), Supplier: new Map(t.Supplier), Channel: new Map(t.Channel),
      Product: new Map(t.Product), PriceList: new Map(t.PriceList), Store: new Map(t.Store), Terminal: new Map(t.Terminal), Listing: new Map(t.Listing),
    });
  }

  /** Takes a record's version in; an older or the same one changes nothing. */
  put<K extends Kind>(kind: K, record: Versioned<Specs[K]>): void {
    const table: Map<string, Versioned<Specs[K]>> = this.#tables[kind];
    if ((table.get(record.id)?.version ?? 0) >= record.version) return;
    table.set(record.id, record);
    delete this.#sorted[kind];
    if (kind === 'Channel') this.#channels.clear();
    if (kind === 'PriceList') this.#indexPrices((record.spec as Specs['PriceList']).channelId);
    if (kind === 'Listing') this.#indexListings((record.spec as Specs['Listing']).channelId);
  }

  get<K extends Kind>(kind: K, id: string): Versioned<Specs[K]> | undefined {
    return this.#tables[kind].get(id);
  }
  /** All records of a kind, by id. */
  all<K extends Kind>(kind: K): readonly Versioned<Specs[K]>[] {
    const known: readonly Versioned<Specs[K]>[] | undefined = this.#sorted[kind];
    if (known) return known;
    const table: Map<string, Versioned<Specs[K]>> = this.#tables[kind];
    const sorted = [...table.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#sorted[kind] = sorted as Sorted[K];
    return sorted;
  }

  product(id: string): Versioned<Specs['Product']> | undefined {
    return this.#tables.Product.get(id);
  }
  supplier(id: string): Versioned<Specs['Supplier']> | undefined {
    return this.#tables.Supplier.get(id);
  }
  store(id: string): Versioned<Specs['Store']> | undefined {
    return this.#tables.Store.get(id);
  }
  terminal(id: string): Versioned<Specs['Terminal']> | undefined {
    return this.#tables.Terminal.get(id);
  }
  hasProductGroup(id: string): boolean {
    return this.#tables.ProductGroup.has(id);
  }
  book(id: string): BookSpec | undefined {
    return this.#tables.Book.get(id)?.spec ?? (id === DEFAULT_BOOK ? this.#defaultBook : undefined);
  }
  listedOn(channelId: string): readonly string[] {
    return [...(this.#listings.get(channelId)?.keys() ?? [])];
  }
  listings(channelId: string, productId: string): readonly Listing[] {
    return this.#listings.get(channelId)?.get(productId) ?? NOTHING;
  }
  prices(channelId: string, productId: string): readonly PriceRow[] {
    return this.#prices.get(channelId)?.get(productId) ?? NOTHING;
  }

  channel(id: string): Channel | undefined {
    const known = this.#channels.get(id);
    if (known) return known;
    const record = this.#tables.Channel.get(id);
    if (!record) return undefined;
    const parent = record.spec.parentId === undefined ? undefined : this.channel(record.spec.parentId);
    const channel = resolved(record, parent);
    this.#channels.set(id, channel);
    return channel;
  }

  #indexPrices(channelId: string): void {
    const byProduct = new Map<string, PriceRow[]>();
    for (const { id, spec } of this.#tables.PriceList.values()) {
      if (spec.channelId !== channelId) continue;
      const { from, until, priority } = spec;
      for (const entry of spec.entries) into(byProduct, entry.productId, { priceListId: id, from, until, priority, entry });
    }
    for (const rows of byProduct.values()) rows.sort(rowsInOrder);
    this.#prices.set(channelId, byProduct);
  }
  #indexListings(channelId: string): void {
    const byProduct = new Map<string, Listing[]>();
    for (const listing of this.#tables.Listing.values()) if (listing.spec.channelId === channelId) into(byProduct, listing.spec.productId, listing);
    this.#listings.set(channelId, byProduct);
  }
}

const into = <T>(map: Map<string, T[]>, key: string, value: T): void => {
  const there = map.get(key);
  if (there) there.push(value);
  else map.set(key, [value]);
};

/** What a root inherits. */
const ABOVE_ALL: Pick<Channel, 'path' | 'bookId' | 'currency' | 'settling' | 'suspended'> = {
  path: [], bookId: DEFAULT_BOOK, currency: DEFAULT_CURRENCY, settling: undefined, suspended: false,
};
const resolved = ({ id, version, spec }: Versioned<Specs['Channel']>, parent: typeof ABOVE_ALL = ABOVE_ALL): Channel => {
  const own = spec.settlement && { channelId: id, mode: spec.settlement, spec };
  const path: Channel[] = [...parent.path];
  const channel: Channel = {
    id, version, spec, path, bookId: spec.bookId ?? parent.bookId, currency: spec.currency ?? parent.currency, settling: own ?? parent.settling,
    suspended: spec.suspended || parent.suspended,
  };
  path.push(channel);
  return channel;
};
