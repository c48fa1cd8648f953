import { anyJson, eventCodec, int, type Json, optional, record, type Shape, text, time } from '@vouchsafe/codec';
import type {
  BookEvent, ChannelEvent, ListingEvent, PriceListEvent, ProductEvent, ProductGroupEvent, QuoteEvent, SupplierEvent,
} from '../domain/deciders.js';
import type { StoreEvent } from '../domain/store.js';
import { specShapes } from './shapes.js';

const asked = optional(record({ id: text(), print: text() }));
const dataOf = <S>(spec: Shape<S>) => record({ id: text(), version: int, spec, asked, at: time });
const spec = <S>(shape: Shape<S>, published = false) => ({ version: 1, shape: dataOf(shape), published });

export const bookCodec = eventCodec<BookEvent>('catalog', { BookCreated: spec(specShapes.Book), BookRevised: spec(specShapes.Book) });
export const productGroupCodec = eventCodec<ProductGroupEvent>('catalog', {
  ProductGroupCreated: spec(specShapes.ProductGroup), ProductGroupRevised: spec(specShapes.ProductGroup),
});
export const supplierCodec = eventCodec<SupplierEvent>('catalog', {
  SupplierCreated: spec(specShapes.Supplier), SupplierRevised: spec(specShapes.Supplier),
});
export const productCodec = eventCodec<ProductEvent>('catalog', { ProductCreated: spec(specShapes.Product), ProductRevised: spec(specShapes.Product) });
export const channelCodec = eventCodec<ChannelEvent>('catalog', { ChannelCreated: spec(specShapes.Channel), ChannelRevised: spec(specShapes.Channel) });
export const priceListCodec = eventCodec<PriceListEvent>('catalog', {
  PriceListCreated: spec(specShapes.PriceList), PriceListRevised: spec(specShapes.PriceList),
});
export const listingCodec = eventCodec<ListingEvent>('catalog', { ListingCreated: spec(specShapes.Listing), ListingRevised: spec(specShapes.Listing) });
export const storeCodec = eventCodec<StoreEvent>('catalog', {
  StoreCreated: spec(specShapes.Store), StoreRevised: spec(specShapes.Store),
  TerminalCreated: spec(specShapes.Terminal), TerminalRevised: spec(specShapes.Terminal),
});
/** A quote's terms are the answer as it was given, kept whole so that it can be honoured whatever the catalogue says by then. */
export const quoteCodec = eventCodec<QuoteEvent<Json>>('catalog', {
  PriceQuoted: { version: 1, shape: record({ quoteId: text(), channelId: text(), expiresAt: time, terms: anyJson, at: time }) },
});
