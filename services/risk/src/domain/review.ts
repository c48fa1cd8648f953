import { accept, type Decider, type Instant, type Message, type Money, reject } from '@vouchsafe/kernel';

export type ReviewDecision = 'allow' | 'deny';
/** An order that waits for a person. `until`: from then on the order's own default counts. */
export type Opened = {
  readonly verdictId: string; readonly orderId: string; readonly channelId: string; readonly total: Money; readonly reasons: readonly string[];
  readonly until: Instant; readonly at: Instant;
};
export type Resolution = { readonly orderId: string; readonly verdictId: string; readonly decision: ReviewDecision; readonly by: string; readonly note: string; readonly at: Instant };
export type Review = { readonly opened: Opened; readonly resolution?: Resolution } | undefined;

export type ReviewCommand =
  | Message<'OpenReview', Opened>
  | Message<'ResolveReview', { readonly decision: ReviewDecision; readonly by: string; readonly note: string; readonly at: Instant }>;
export type ReviewEvent = Message<'ReviewOpened', Opened> | Message<'ReviewResolved', Resolution>;
export type ReviewRejection = 'REVIEW_UNKNOWN' | 'REVIEW_TIMED_OUT' | 'REVIEW_ALREADY_RESOLVED';

/** Stream `case-<order>_<fingerprint>`: opened by a verdict `review`, resolved once, before its time is up. */
export const reviewDecider: Decider<Review, ReviewCommand, ReviewEvent, ReviewRejection> = {
  initial: undefined,
  decide: (command, review) => {
    switch (command.type) {
      case 'OpenReview': {
        const { type: _, ...opened } = command;
        return review ? accept() : accept({ type: 'ReviewOpened', ...opened });
      }
      case 'ResolveReview': {
        if (!review) return reject('REVIEW_UNKNOWN');
        const { opened: { orderId, verdictId, until }, resolution } = review;
        const { type: _, ...decided } = command;
        if (resolution) return resolution.decision === decided.decision ? accept() : reject('REVIEW_ALREADY_RESOLVED', { decision: resolution.decision });
        return decided.at > until ? reject('REVIEW_TIMED_OUT') : accept({ type: 'ReviewResolved', orderId, verdictId, ...decided });
      }
    }
  },
  evolve: (review, event) => {
    switch (event.type) {
      case 'ReviewOpened': {
        const { type: _, ...opened } = event;
        return { opened };
      }
      case 'ReviewResolved': {
        const { type: _, ...resolution } = event;
        return review && { ...review, resolution };
      }
    }
  },
};
