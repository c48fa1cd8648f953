import { amount, bool, dict, eventCodec, int, list, millis, oneOf, optional, record, type Shape, ShapeError, text, time } from '@vouchsafe/codec';
import type { FeatureValue, Rule } from '../domain/rules.js';
import { LIST_PURPOSES, LIST_SUBJECTS, type ListEvent } from '../domain/list.js';
import type { ReviewEvent } from '../domain/review.js';
import type { RuleSetEvent } from '../domain/ruleset.js';
import { SIGNAL_KINDS, type SignalEvent } from '../domain/signal.js';
import type { VerdictEvent } from '../domain/verdict.js';

const scalar: Shape<FeatureValue> = {
  write: (value) => value,
  read: (json, path) => {
    if (typeof json === 'boolean' || typeof json === 'number' || typeof json === 'string') return json;
    throw new ShapeError(path, 'a number, a text, true or false');
  },
};
const parties = record({ buyer: optional(text()), device: optional(text()), payee: optional(text()), ip: optional(text()) });

/** One verdict per order: times as milliseconds, absent where empty, for there is one with every order. */
export const verdictCodec = eventCodec<VerdictEvent>('risk', {
  VerdictGiven: {
    version: 1,
    shape: record({
      orderId: text(), channelId: text(), verdict: oneOf('allow', 'challenge', 'review', 'deny'), reasons: list(text()), shadow: list(text()), ruleSet: text(),
      features: dict(scalar), parties, lines: list(record({ productId: text(), quantity: int })), total: amount, challengeMet: bool, reviewUntil: optional(millis), at: millis,
    }),
  },
});
export const signalCodec = eventCodec<SignalEvent>('risk', {
  SignalRecorded: { version: 1, shape: record({ kind: oneOf(...SIGNAL_KINDS), channelId: text(), parties, occurredAt: millis, print: text() }) },
});
/** ReviewResolved is the integration event itself: order hears of it. */
export const reviewCodec = eventCodec<ReviewEvent>('risk', {
  ReviewOpened: {
    version: 1,
    shape: record({ verdictId: text(), orderId: text(), channelId: text(), total: amount, reasons: list(text()), until: time, at: time }),
  },
  ReviewResolved: { version: 1, shape: record({ orderId: text(), verdictId: text(), decision: oneOf('allow', 'deny'), by: text(), note: text(), at: time }), published: true },
});

const rule: Shape<Rule> = record({ name: text(), action: oneOf('deny', 'review', 'challenge'), when: text(), zh: text(), en: text(), shadow: bool });
export const ruleSetCodec = eventCodec<RuleSetEvent>('risk', {
  RuleSetDrafted: { version: 1, shape: record({ rules: list(rule), note: text(), at: time }) },
  RuleSetPublished: { version: 1, shape: record({ version: int, rules: list(rule), note: text(), at: time }) },
  RuleSetRolledBack: { version: 1, shape: record({ to: int, note: text(), at: time }) },
});

const head = { id: text(), zh: text(), en: text(), subject: oneOf(...LIST_SUBJECTS), purpose: oneOf(...LIST_PURPOSES), network: optional(text()) };
export const listCodec = eventCodec<ListEvent>('risk', {
  ListCreated: { version: 1, shape: record({ ...head, at: time }) },
  ListEntriesAdded: { version: 1, shape: record({ entries: list(record({ value: text(), until: optional(time) })), at: time }) },
  ListEntriesRemoved: { version: 1, shape: record({ values: list(text()), at: time }) },
  ListFileLoaded: { version: 1, shape: record({ sha256: text(), name: text(), entries: int, at: time }) },
});
