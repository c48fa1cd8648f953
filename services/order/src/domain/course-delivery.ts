import type { Instant } from '@vouchsafe/kernel';
import type { OrderEvent } from './order-events.js';
import { type ConfirmedOrder, endingWith } from './order-state.js';
import { deliveredMinor } from './delivery.js';
import { activateKey, bookKey, captureKey, type Outgoing, release, topUpKey, whole } from './outgoing.js';
import { type Answers, isStocked, type LineCount, type OrderLine, type Reason, usesHold } from './terms.js';

const NOTHING: readonly OrderEvent[] = [];

/** Past the pivot: what the answers make of the lines, and the end once nothing is left to do. */
export const afterPivot = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  const news = hasOpenTopUp(order) ? [...refusedTopUps(order, answers, at), ...earlyDeliveries(order, answers, at)] : NOTHING;
  if (news.length > 0 || !areFinal(order, answers)) return news;
  const owed: Outgoing = [];
  deliveryCommands(owed, order, answers);
  return owed.length === 0 ? [end(order, answers, at)] : NOTHING;
};

/** Every command the delivered and undelivered lines still need an answer to. */
export const deliveryCommands = (outgoing: Outgoing, order: ConfirmedOrder, answers: Answers): void => {
  const gate = gateOf(order);
  for (const line of order.terms.lines) lineCommands(outgoing, { order, answers, line, gate });
  // What is left of the money goes back last, when it is known what was delivered.
  if (outgoing.length > 0 || !areFinal(order, answers)) return;
  restOfHold(outgoing, order, answers);
  restOfPayment(outgoing, order, answers);
};

type Gate = 'open' | 'waiting' | 'shut';
type LineToDo = { readonly order: ConfirmedOrder; readonly answers: Answers; readonly line: OrderLine; readonly gate: Gate };
/** `whole`: stocked lines wait for the top-up, and are handed back when it failed. */
const gateOf = (order: ConfirmedOrder): Gate => {
  if (!order.terms.whole) return 'open';
  const topUps = order.terms.lines.filter((line) => !isStocked(line)).map(({ lineId }) => order.lines.get(lineId)!);
  if (topUps.some(({ final, failed }) => final && failed > 0)) return 'shut';
  return topUps.every(({ final }) => final) ? 'open' : 'waiting';
};

const lineCommands = (outgoing: Outgoing, toDo: LineToDo): void => {
  const { order, answers, line, gate } = toDo;
  if (!isStocked(line)) {
    if (order.lines.get(line.lineId)!.final) return settleLine(outgoing, toDo);
    const key = topUpKey(line.lineId);
    if (!answers.has(key)) outgoing.push({ type: 'StartTopUp', key, line });
    return;
  }
  if (gate === 'waiting') return;
  if (gate === 'shut') return release(outgoing, answers, line, order.revived);
  const key = activateKey(line.lineId);
  if (answers.has(key)) settleLine(outgoing, toDo);
  else outgoing.push({ type: 'ActivateGrant', key, line });
};

const settleLine = (outgoing: Outgoing, { order, answers, line }: LineToDo): void => {
  const units = deliveredOf(order, answers, line);
  if (units === 0) return;
  const isHeld = usesHold(order.terms);
  const key = (isHeld ? captureKey : bookKey)(line.lineId);
  if (answers.has(key)) return;
  outgoing.push(isHeld ? { type: 'CaptureHold', key, line, units, final: order.terms.lines.length === 1 } : { type: 'BookDelivery', key, line, units });
};

/** A single line's capture is final. With several, which one comes last is not known twice alike, so the rest is released by itself. */
const restOfHold = (outgoing: Outgoing, order: ConfirmedOrder, answers: Answers): void => {
  const { terms } = order;
  if (!usesHold(terms) || (terms.lines.length === 1 && deliveredOf(order, answers, terms.lines[0]!) > 0)) return;
  whole(outgoing, answers, { type: 'ReleaseHold', key: 'releaseHold' });
};

const restOfPayment = (outgoing: Outgoing, order: ConfirmedOrder, answers: Answers): void => {
  if (usesHold(order.terms)) return;
  const minor = undeliveredMinor(order, answers);
  if (minor !== 0n) whole(outgoing, answers, { type: 'RefundUndelivered', key: 'refund', minor });
};
const undeliveredMinor = (order: ConfirmedOrder, answers: Answers): bigint =>
  order.terms.lines.reduce((sum, line) => sum + line.grossMinor - deliveredMinor(line, order.terms.currency, deliveredOf(order, answers, line)), 0n);

const refusedTopUps = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] =>
  order.terms.lines.flatMap((line) => {
    const answer = answers.get(topUpKey(line.lineId));
    if (answer?.ok !== false || order.lines.get(line.lineId)!.final) return [];
    return [{ type: 'TopUpSettled', lineId: line.lineId, delivered: 0, reason: answer.code, supplierId: line.supplierId, costMinor: 0n, taxMinor: 0n, at }];
  });

/** Recorded only beside a top-up that goes on (for hours, maybe): else the order's end says it an instant later. */
const earlyDeliveries = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  return order.terms.lines.flatMap((line) => {
    const answer = answers.get(activateKey(line.lineId));
    if (!answer?.ok || order.lines.get(line.lineId)!.final) return [];
    return [{ type: 'LineDelivered', lineId: line.lineId, at: answer.at ?? at }];
  });
};

const hasOpenTopUp = ({ terms, lines }: ConfirmedOrder): boolean => {
  for (const line of terms.lines) if (!isStocked(line) && !lines.get(line.lineId)!.final) return true;
  return false;
};
const areFinal = (order: ConfirmedOrder, answers: Answers): boolean => {
  for (const line of order.terms.lines) if (!isFinal(order, answers, line)) return false;
  return true;
};
const isFinal = (order: ConfirmedOrder, answers: Answers, line: OrderLine): boolean =>
  order.lines.get(line.lineId)!.final || (isStocked(line) && (gateOf(order) === 'shut' || answers.get(activateKey(line.lineId))?.ok === true));
const deliveredOf = (order: ConfirmedOrder, answers: Answers, line: OrderLine): number => {
  const { final, delivered } = order.lines.get(line.lineId)!;
  if (final) return delivered;
  return answers.get(activateKey(line.lineId))?.ok === true ? line.quantity : 0;
};

const end = (order: ConfirmedOrder, answers: Answers, at: Instant): OrderEvent => {
  let total = 0;
  const lines: readonly LineCount[] = order.terms.lines.map((line) => {
    const delivered = deliveredOf(order, answers, line);
    total += delivered;
    return { lineId: line.lineId, productId: line.productId, ordered: line.quantity, delivered, failed: line.quantity - delivered };
  });
  if (total === 0) return { type: 'OrderCancelled', ...endingWith(order.terms, lines), reason: commonReason(order), at };
  const { number, channelId, totalMinor, currency, placedAt } = order.terms;
  return { type: 'OrderCompleted', number, channelId, totalMinor, currency, placedAt, lines, at };
};
/** Nothing was delivered: the lines' own reason if they agree. */
const commonReason = (order: ConfirmedOrder): Reason => {
  const reasons = new Set([...order.lines.values()].flatMap(({ reason }) => reason ?? []));
  return reasons.size === 1 ? [...reasons][0]! : 'DELIVERY_FAILED';
};
