import type { Instant } from '@vouchsafe/kernel';
import { afterPivot, deliveryCommands } from './course-delivery.js';
import type { CommittedLine, OrderEvent } from './order-events.js';
import { cancelled, type EndedOrder, type LiveOrder, type PlacedOrder, rejected, type RevivingOrder, TIMED_OUT } from './order-state.js';
import { commit, keyOf, type OutgoingCommand, release, reserve, unanswered } from './outgoing.js';
import { type Answer, type Answers, isStocked, type OrderLine, needsPayment, type OrderTerms, type Reason, usesHold } from './terms.js';

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
      return order.undoOwed && handBacks(order, answers).length === 0 ? [{ type: 'OrderUndone', at }] : [];
  }
};

/** Facts -> commands still unanswered. Their ids follow from order, line and kind, so a crash only repeats what the receiver knows. */
export const commandsFor = (order: LiveOrder, answers: Answers, at: Instant): readonly OutgoingCommand[] => {
  switch (order.step) {
    case 'placed':
      return placing(order, answers, at);
    case 'confirmed':
      return deliveryCommands(order, answers);
    case 'reviving':
      return reviving(order, answers);
    case 'ended':
      return order.undoOwed ? handBacks(order, answers) : [];
  }
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
const placing = (order: PlacedOrder, answers: Answers, at: Instant): readonly OutgoingCommand[] => {
  const { terms } = order;
  if (!stands(order, answers)) {
    const funds = usesHold(terms) ? unanswered(answers, { type: 'HoldFunds', key: 'hold' }) : [];
    return [...stocked(terms).flatMap((line) => reserve(answers, line, false)), ...funds];
  }
  if (order.payment === 'awaited') return paying(terms, answers, at);
  const mayCommit = (order.review === 'none' || order.review === 'allowed') && (!needsPayment(terms) || order.payment === 'received');
  return mayCommit ? stocked(terms).flatMap((line) => commit(answers, line, false)) : [];
};
const paying = (terms: OrderTerms, answers: Answers, at: Instant): readonly OutgoingCommand[] => [
  ...unanswered(answers, { type: 'RequestPayment', key: 'requestPayment' }),
  ...(at > terms.payment!.payBy ? unanswered(answers, { type: 'ClosePayment', key: CLOSE }) : []),
];
const reviving = ({ terms }: RevivingOrder, answers: Answers): readonly OutgoingCommand[] =>
  allReserved(terms, answers, true)
    ? stocked(terms).flatMap((line) => commit(answers, line, true))
    : stocked(terms).flatMap((line) => reserve(answers, line, true));

/** What an order that ended before the pivot hands back; also what said yes too late. */
const handBacks = (order: EndedOrder, answers: Answers): readonly OutgoingCommand[] => {
  const { terms, revived } = order;
  const stock = stocked(terms).flatMap((line) => release(answers, line, revived));
  const funds = usesHold(terms) && answers.get('hold')?.ok !== false ? unanswered(answers, { type: 'ReleaseHold', key: 'releaseHold' }) : [];
  const payment = order.awaited && !order.paid ? unanswered(answers, { type: 'ClosePayment', key: CLOSE }) : [];
  const money = order.paid ? unanswered(answers, { type: 'RefundUndelivered', key: 'refund', minor: terms.totalMinor }) : [];
  return [...stock, ...funds, ...payment, ...money];
};

const stocked = (terms: OrderTerms): readonly OrderLine[] => terms.lines.filter(isStocked);
const allReserved = (terms: OrderTerms, answers: Answers, revived: boolean): boolean =>
  stocked(terms).every(({ lineId }) => answers.get(keyOf('reserve', lineId, revived))?.ok === true);

/** Stock and money are set aside. A review or an awaited payment says so for good: it began only when they were. */
const stands = (order: PlacedOrder, answers: Answers): boolean =>
  order.payment !== 'none' || order.review === 'begun' || order.review === 'allowed' || order.review === 'denied'
  || (allReserved(order.terms, answers, false) && (!usesHold(order.terms) || answers.get('hold')?.ok === true));

const committedLines = (terms: OrderTerms, answers: Answers, revived: boolean): readonly CommittedLine[] | undefined => {
  const lines: CommittedLine[] = [];
  for (const { lineId } of stocked(terms)) {
    const answer = answers.get(keyOf('commit', lineId, revived));
    if (!answer?.ok) return undefined;
    lines.push({ lineId, ranges: answer.ranges ?? [] });
  }
  return lines;
};

type No = Extract<Answer, { ok: false }>;
const refusalIn = (terms: OrderTerms, answers: Answers, revived: boolean): No | undefined => {
  for (const { lineId } of terms.lines) {
    for (const kind of ['reserve', 'commit']) {
      const answer = answers.get(keyOf(kind, lineId, revived));
      if (answer?.ok === false) return { ...answer, details: { ...answer.details, line: lineId } };
    }
  }
  const hold = revived ? undefined : answers.get('hold');
  return hold?.ok === false ? hold : undefined;
};

/** The receiver's words, where ours differ. */
const REASONS: Readonly<Record<string, Reason>> = {
  TOO_LATE: 'STOCK_SILENT', RESERVATION_UNKNOWN: 'RESERVATION_LAPSED', RESERVATION_EXPIRED: 'RESERVATION_LAPSED',
  RESERVATION_RELEASED: 'RESERVATION_LAPSED', POOL_HELD: 'STOCK_HELD',
};
const reasonOf = (code: string): Reason => REASONS[code] ?? code;
const silence = (terms: OrderTerms, answers: Answers): Reason => (allReserved(terms, answers, false) ? 'FUNDS_SILENT' : 'STOCK_SILENT');
