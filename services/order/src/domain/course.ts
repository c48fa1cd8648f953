import type { Instant } from '@vouchsafe/kernel';
import { afterPivot, deliveryCommands } from './course-delivery.js';
import type { CommittedLine, OrderEvent } from './order-events.js';
import { cancelled, type EndedOrder, type LiveOrder, type PlacedOrder, rejected, type RevivingOrder, TIMED_OUT } from './order-state.js';
import { commit, HOLD, keyOf, type Outgoing, type OutgoingCommand, release, reserve, whole } from './outgoing.js';
import { type Answer, type Answers, isStocked, needsPayment, type OrderTerms, type Reason, usesHold } from './terms.js';

const NOTHING: readonly OrderEvent[] = [];

/** What the order does next, given the answers so far. Pure; asked again with the same input it says the same. */
export const react = (order: LiveOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  switch (order.step) {
    case 'placed':
      return beforePivot(order, answers, at);
    case 'confirmed':
      return afterPivot(order, answers, at);
    case 'reviving':
      return revival(order, answers, at);
    case 'ended':
      return order.undoOwed && isHandedBack(order, answers) ? [{ type: 'OrderUndone', at }] : NOTHING;
  }
};

/** Facts -> commands still unanswered. Their ids follow from order, line and kind, so a crash only repeats what the receiver knows. */
export const commandsFor = (order: LiveOrder, answers: Answers, at: Instant): readonly OutgoingCommand[] => {
  const outgoing: Outgoing = [];
  switch (order.step) {
    case 'placed':
      placing(outgoing, order, answers, at);
      break;
    case 'confirmed':
      deliveryCommands(outgoing, order, answers);
      break;
    case 'reviving':
      reviving(outgoing, order, answers);
      break;
    case 'ended':
      if (order.undoOwed) handBacks(outgoing, order, answers);
      break;
  }
  return outgoing;
};

/** When the course has to be looked at again though nobody answered anything; undefined: only an answer moves it. */
export const lookAgainAt = (order: LiveOrder): Instant | undefined => {
  switch (order.step) {
    case 'placed':
      if (order.review === 'begun') return order.terms.reviewUntil;
      return order.payment === 'awaited' ? order.terms.payment!.payBy : order.terms.answerBy;
    case 'confirmed':
      return undefined;
    case 'reviving':
      return order.answerBy;
    case 'ended':
      return undefined;
  }
};

const beforePivot = (order: PlacedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  const refusal = refusalIn(order.terms, answers, false);
  if (refusal) return [rejected(order, reasonOf(refusal.code), at, refusal.details)];
  if (!stands(order, answers)) return at > order.terms.answerBy ? [rejected(order, silence(order.terms, answers), at)] : [];
  return underReview(order, at) ?? underPayment(order, answers, at) ?? committing(order, answers, at);
};

/** Undefined: nothing to review, or allowed. */
const underReview = (order: PlacedOrder, at: Instant): readonly OrderEvent[] | undefined => {
  const until = order.terms.reviewUntil;
  switch (order.review) {
    case 'wanted':
      return [{ type: 'ReviewBegun', until: until!, at }];
    case 'begun':
      return at > until! ? [rejected(order, 'REVIEW_TIMED_OUT', at)] : [];
    case 'denied':
      return [rejected(order, 'REVIEW_DENIED', at)];
    case 'none':
    case 'allowed':
      return undefined;
  }
};

/** Undefined: paid, or nothing to pay here. */
const underPayment = (order: PlacedOrder, answers: Answers, at: Instant): readonly OrderEvent[] | undefined => {
  if (!needsPayment(order.terms) || order.payment === 'received') return undefined;
  if (order.payment === 'none') return [{ type: 'PaymentAwaited', at }];
  const closed = answers.get(CLOSE);
  // The provider is asked before the order gives up; if it stays silent until the stock lapses, late money is dealt with as such.
  const overdue = (closed?.ok && !closed.paid) || at > order.terms.heldUntil;
  return overdue ? [cancelled(order, TIMED_OUT, at)] : [];
};

const committing = (order: PlacedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  const lines = committedLines(order.terms, answers, false);
  if (lines) return [{ type: 'OrderConfirmed', lines, at }];
  return at > order.terms.heldUntil ? [rejected(order, 'STOCK_SILENT', at)] : [];
};

const revival = (order: RevivingOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  const refusal = refusalIn(order.terms, answers, true);
  if (refusal) return [{ type: 'RevivalFailed', reason: reasonOf(refusal.code), at }];
  const lines = committedLines(order.terms, answers, true);
  if (lines) return [{ type: 'OrderRevived', lines, at }];
  const lapsed = allReserved(order.terms, answers, true) ? order.heldUntil : order.answerBy;
  return at > lapsed ? [{ type: 'RevivalFailed', reason: 'STOCK_SILENT', at }] : [];
};

export const CLOSE = 'closePayment';
const placing = (outgoing: Outgoing, order: PlacedOrder, answers: Answers, at: Instant): void => {
  const { terms } = order;
  if (!stands(order, answers)) {
    for (const line of terms.lines) if (isStocked(line)) reserve(outgoing, answers, line, false);
    if (usesHold(terms)) whole(outgoing, answers, { type: 'HoldFunds', key: HOLD });
    return;
  }
  if (order.payment === 'awaited') {
    paying(outgoing, terms, answers, at);
    return;
  }
  const mayCommit = (order.review === 'none' || order.review === 'allowed') && (!needsPayment(terms) || order.payment === 'received');
  if (mayCommit) for (const line of terms.lines) if (isStocked(line)) commit(outgoing, answers, line, false);
};
const paying = (outgoing: Outgoing, terms: OrderTerms, answers: Answers, at: Instant): void => {
  whole(outgoing, answers, { type: 'RequestPayment', key: 'requestPayment' });
  if (at > terms.payment!.payBy) whole(outgoing, answers, { type: 'ClosePayment', key: CLOSE });
};
const reviving = (outgoing: Outgoing, { terms }: RevivingOrder, answers: Answers): void => {
  const next = allReserved(terms, answers, true) ? commit : reserve;
  for (const line of terms.lines) if (isStocked(line)) next(outgoing, answers, line, true);
};

/** What an order that ended before the pivot hands back; also what said yes too late. */
const handBacks = (outgoing: Outgoing, { terms, revived, awaited, paid }: EndedOrder, answers: Answers): void => {
  for (const line of terms.lines) if (isStocked(line)) release(outgoing, answers, line, revived);
  if (usesHold(terms) && answers.get(HOLD)?.ok !== false) whole(outgoing, answers, { type: 'ReleaseHold', key: 'releaseHold' });
  if (awaited && !paid) whole(outgoing, answers, { type: 'ClosePayment', key: CLOSE });
  if (paid) whole(outgoing, answers, { type: 'RefundUndelivered', key: 'refund', minor: terms.totalMinor });
};
const isHandedBack = (order: EndedOrder, answers: Answers): boolean => {
  const owed: Outgoing = [];
  handBacks(owed, order, answers);
  return owed.length === 0;
};

const allReserved = (terms: OrderTerms, answers: Answers, revived: boolean): boolean => {
  for (const line of terms.lines) if (isStocked(line) && answers.get(keyOf('reserve', line.lineId, revived))?.ok !== true) return false;
  return true;
};

/** Stock and money are set aside. A review or an awaited payment says so for good: it began only when they were. */
const stands = (order: PlacedOrder, answers: Answers): boolean =>
  order.payment !== 'none' || order.review === 'begun' || order.review === 'allowed' || order.review === 'denied'
  || (allReserved(order.terms, answers, false) && (!usesHold(order.terms) || answers.get(HOLD)?.ok === true));

const committedLines = (terms: OrderTerms, answers: Answers, revived: boolean): readonly CommittedLine[] | undefined => {
  for (const line of terms.lines) if (isStocked(line) && !answers.get(keyOf('commit', line.lineId, revived))?.ok) return undefined;
  const lines: CommittedLine[] = [];
  for (const line of terms.lines) {
    const answer = answers.get(keyOf('commit', line.lineId, revived));
    if (answer?.ok) lines.push({ lineId: line.lineId, ranges: answer.ranges ?? [] });
  }
  return lines;
};

type No = Extract<Answer, { ok: false }>;
const ASKED_OF_STOCK = ['reserve', 'commit'] as const;
const refusalIn = (terms: OrderTerms, answers: Answers, revived: boolean): No | undefined => {
  for (const { lineId } of terms.lines) {
    for (const kind of ASKED_OF_STOCK) {
      const answer = answers.get(keyOf(kind, lineId, revived));
      if (answer?.ok === false) return { ...answer, details: { ...answer.details, line: lineId } };
    }
  }
  const hold = revived ? undefined : answers.get(HOLD);
  return hold?.ok === false ? hold : undefined;
};

/** The receiver's words, where ours differ. */
const REASONS: Readonly<Record<string, Reason>> = {
  TOO_LATE: 'STOCK_SILENT', RESERVATION_UNKNOWN: 'RESERVATION_LAPSED', RESERVATION_EXPIRED: 'RESERVATION_LAPSED',
  RESERVATION_RELEASED: 'RESERVATION_LAPSED', POOL_HELD: 'STOCK_HELD',
};
const reasonOf = (code: string): Reason => REASONS[code] ?? code;
const silence = (terms: OrderTerms, answers: Answers): Reason => (allReserved(terms, answers, false) ? 'FUNDS_SILENT' : 'STOCK_SILENT');
