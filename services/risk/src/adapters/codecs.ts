import { amount, big, bool, dict, eventCodec, int, list, millis, oneOf, optional, record, type Shape, ShapeError, text, time } from '@vouchsafe/codec';
import { money } from '@vouchsafe/kernel';
import type { FeatureValue, Rule } from '../domain/rules.js';
import { LIST_PURPOSES, LIST_SUBJECTS, type ListEvent } from '../domain/list.js';
import type { ReviewEvent } from '../domain/review.js';
import type { RuleSetEvent } from '../domain/ruleset.js';
import { SIGNAL_KINDS, type SignalEvent } from '../domain/signal.js';
import type { Verdict, VerdictEvent } from '../domain/verdict.js';

const scalar: Shape<FeatureValue> = {
  write: (value) => value,
  read: (json, path) => {
    if (typeof json === 'boolean' || typeof json === 'number' || typeof json === 'string') return json;
    throw new ShapeError(path, 'a number, a text, true or false');
  },
};
/** `[product, quantity]` */
const line: Shape<Verdict['lines'][number]> = {
  write: ({ productId, quantity }) => [productId, quantity],
  read: (json, path) => {
    const [productId, quantity] = Array.isArray(json) ? (json as unknown[]) : [];
    return { productId: text().read(productId, path), quantity: int.read(quantity, path) };
  },
};
const parties = record({ buyer: optional(text()), device: optional(text()), payee: optional(text()), ip: optional(text()) });

const isAnybody = (who: Verdict['parties']): boolean => {
  for (const _ in who) return true;
  return false;
};

const storedVerdict = record({
  orderId: text(), channelId: text(), verdict: optional(oneOf('allow', 'challenge', 'review', 'deny')), reasons: optional(list(text())), shadow: optional(list(text())), ruleSet: text(),
  features: dict(scalar), parties: optional(parties), lines: list(line), total: big, currency: optional(text()), challengeMet: optional(bool), reviewUntil: optional(millis), at: millis,
});
/** There is one with every order, so what is usual is left out: `allow`, CNY, no reasons, nobody known. Frozen like the version. */
const verdictShape: Shape<Verdict> = {
  write: ({ orderId, channelId, verdict, reasons, shadow, ruleSet, features, parties: who, lines, total, challengeMet, reviewUntil, at }) => storedVerdict.write({
    orderId, channelId, verdict: verdict === 'allow' ? undefined : verdict, reasons: reasons.length > 0 ? reasons : undefined, shadow: shadow.length > 0 ? shadow : undefined, ruleSet,
    features, parties: isAnybody(who) ? who : undefined, lines, total: total.minor, currency: total.currency === 'CNY' ? undefined : total.currency,
    challengeMet: challengeMet || undefined, reviewUntil, at,
  }),
  read: (json, path) => {
    const { verdict = 'allow', reasons = [], shadow = [], parties: who = {}, total, currency = 'CNY', challengeMet = false, ...same } = storedVerdict.read(json, path);
    return { ...same, verdict, reasons, shadow, parties: who, total: money(total, currency), challengeMet };
  },
};
export const verdictCodec = eventCodec<VerdictEvent>('risk', {
  VerdictGiven: {
    version: 1,
    shape: verdictShape,
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
