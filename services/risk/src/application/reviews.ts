import type { EventCodec } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore, type Handled } from '@vouchsafe/event-store';
import { type Instant, invariant } from '@vouchsafe/kernel';
import { type Clock, type Random, uuidv5 } from '@vouchsafe/runtime';
import { type Review, type ReviewCommand, type ReviewDecision, reviewDecider, type ReviewEvent, type ReviewRejection } from '../domain/review.js';
import type { Given } from './assessor.js';
import { streamOfVerdict } from './names.js';

export type ReviewsPorts = { readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly codec: EventCodec<ReviewEvent> };
export type Resolve = { readonly decision: ReviewDecision; readonly by: string; readonly note: string; readonly at: Instant };

/** Orders that wait for a person. */
export class Reviews {
  readonly #host: DeciderHost<Review, ReviewCommand, ReviewEvent, ReviewRejection>;

  constructor({ store, clock, random, codec }: ReviewsPorts) {
    this.#host = new DeciderHost({ store, clock, random, codec, decider: reviewDecider, cacheMax: 2_000 });
  }

  /** May be called again. */
  async open({ verdictId, verdict }: Given, envelope: Envelope): Promise<void> {
    const { orderId, channelId, total, reasons, reviewUntil, at } = verdict;
    invariant(reviewUntil !== undefined, 'a review has an end');
    const opened = await this.#host.handle(streamOfVerdict(verdictId, 'case')!, { type: 'OpenReview', verdictId, orderId, channelId, total, reasons, until: reviewUntil, at }, { ...envelope, commandId: uuidv5(`risk/review/${verdictId}`) });
    invariant(opened.ok, 'opening a review is never refused');
  }
  resolve(verdictId: string, resolve: Resolve, envelope: Envelope): Promise<Handled<Review, ReviewEvent, ReviewRejection>> {
    return this.#host.handle(streamOfVerdict(verdictId, 'case')!, { type: 'ResolveReview', ...resolve }, envelope);
  }
  async find(verdictId: string): Promise<Review> {
    const stream = streamOfVerdict(verdictId, 'case');
    return stream === undefined ? undefined : (await this.#host.load(stream)).state;
  }
}
