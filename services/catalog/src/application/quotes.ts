import type { EventCodec, Json } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore } from '@vouchsafe/event-store';
import { type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Random } from '@vouchsafe/runtime';
import { type Quote, type QuoteCommand, quoteDecider, type QuoteEvent } from '../domain/deciders.js';

export type QuotesPorts = { readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly codec: EventCodec<QuoteEvent<Json>> };
/** How many quotes are held in memory; older ones are read from their streams. */
const CACHE_MAX = 2_000;

/** Prices promised for some seconds, each a fact in its own stream. */
export class Quotes {
  readonly #host: DeciderHost<Quote<Json> | undefined, QuoteCommand<Json>, QuoteEvent<Json>, 'QUOTE_ID_REUSED'>;

  constructor({ store, clock, random, codec }: QuotesPorts) {
    this.#host = new DeciderHost({ store, clock, random, codec, decider: quoteDecider<Json>(), cacheMax: CACHE_MAX });
  }

  /** Records a promise under a fresh id. */
  async issue(quote: Quote<Json>, at: Instant, envelope: Envelope): Promise<void> {
    const answer = await this.#host.handle(`quote-${quote.quoteId}`, { type: 'IssueQuote', ...quote, at }, envelope);
    invariant(answer.ok, 'a fresh quote id is free');
  }

  /** The promise under `quoteId`, also an expired one; undefined where there is none. */
  async find(quoteId: string): Promise<Quote<Json> | undefined> {
    return (await this.#host.load(`quote-${quoteId}`)).state;
  }
}
