import type { Instant } from '@vouchsafe/kernel';
import type { OrderEvent } from './order-events.js';
import { type ConfirmedOrder, endingOf } from './order-state.js';
import { deliveredMinor } from './delivery.js';
import { type OutgoingCommand, release, unanswered } from './outgoing.js';
import { type Answers, isStocked, type LineCount, type OrderLine, type Reason, usesHold } from './terms.js';

/** Past the pivot: what the answers make of the lines, and the end once nothing is left to do. */
export const afterPivot = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  const news = [...refusedTopUps(order, answers, at), ...earlyDeliveries(order, answers, at)];
  if (news.length > 0 || !order.terms.lines.every((line) => isFinal(order, answers, line))) return news;
  return deliveryCommands(order, answers).length === 0 ? [end(order, answers, at)] : [];
};

/** Every command the delivered and undelivered lines still need an answer to. */
export const deliveryCommands = (order: ConfirmedOrder, answers: Answers): readonly OutgoingCommand[] => {
  const commands = order.terms.lines.flatMap((line) => lineCommands(order, answers, line));
  // What is left of the money goes back last, when it is known what was delivered.
  if (commands.length > 0 || !order.terms.lines.every((line) => isFinal(order, answers, line))) return commands;
  return [...restOfHold(order, answers), ...restOfPayment(order, answers)];
};

/** `whole`: stocked lines wait for the top-up, and are handed back when it failed. */
const gateOf = (order: ConfirmedOrder): 'open' | 'waiting' | 'shut' => {
  if (!order.terms.whole) return 'open';
  const topUps = order.terms.lines.filter((line) => !isStocked(line)).map(({ lineId }) => order.lines.get(lineId)!);
  if (topUps.some(({ final, failed }) => final && failed > 0)) return 'shut';
  return topUps.every(({ final }) => final) ? 'open' : 'waiting';
};

const lineCommands = (order: ConfirmedOrder, answers: Answers, line: OrderLine): readonly OutgoingCommand[] => {
  const { final } = order.lines.get(line.lineId)!;
  if (!isStocked(line)) return final ? settleLine(order, answers, line) : unanswered(answers, { type: 'StartTopUp', key: `topUp${line.lineId}`, line });
  if (gateOf(order) === 'waiting') return [];
  if (gateOf(order) === 'shut') return release(answers, line, order.revived);
  const activation = unanswered(answers, { type: 'ActivateGrant', key: `activate${line.lineId}`, line });
  return activation.length > 0 ? activation : settleLine(order, answers, line);
};

const settleLine = (order: ConfirmedOrder, answers: Answers, line: OrderLine): readonly OutgoingCommand[] => {
  const units = deliveredOf(order, answers, line);
  if (units === 0) return [];
  if (!usesHold(order.terms)) return unanswered(answers, { type: 'BookDelivery', key: `book${line.lineId}`, line, units });
  const final = order.terms.lines.length === 1;
  return unanswered(answers, { type: 'CaptureHold', key: `capture${line.lineId}`, line, units, final });
};

/** A single line's capture is final. With several, which one comes last is not known twice alike, so the rest is released by itself. */
const restOfHold = (order: ConfirmedOrder, answers: Answers): readonly OutgoingCommand[] => {
  const { terms } = order;
  if (!usesHold(terms) || (terms.lines.length === 1 && deliveredOf(order, answers, terms.lines[0]!) > 0)) return [];
  return unanswered(answers, { type: 'ReleaseHold', key: 'releaseHold' });
};

const restOfPayment = (order: ConfirmedOrder, answers: Answers): readonly OutgoingCommand[] => {
  const minor = undeliveredMinor(order, answers);
  return usesHold(order.terms) || minor === 0n ? [] : unanswered(answers, { type: 'RefundUndelivered', key: 'refund', minor });
};
const undeliveredMinor = (order: ConfirmedOrder, answers: Answers): bigint =>
  order.terms.lines.reduce((sum, line) => sum + line.grossMinor - deliveredMinor(line, order.terms.currency, deliveredOf(order, answers, line)), 0n);

const refusedTopUps = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] =>
  order.terms.lines.flatMap((line) => {
    const answer = answers.get(`topUp${line.lineId}`);
    if (answer?.ok !== false || order.lines.get(line.lineId)!.final) return [];
    return [{ type: 'TopUpSettled', lineId: line.lineId, delivered: 0, reason: answer.code, supplierId: line.supplierId, costMinor: 0n, taxMinor: 0n, at }];
  });

/** Recorded only beside a top-up that goes on (for hours, maybe): else the order's end says it an instant later. */
const earlyDeliveries = (order: ConfirmedOrder, answers: Answers, at: Instant): readonly OrderEvent[] => {
  if (!order.terms.lines.some((line) => !isStocked(line) && !order.lines.get(line.lineId)!.final)) return [];
  return order.terms.lines.flatMap((line) => {
    const answer = answers.get(`activate${line.lineId}`);
    if (!answer?.ok || order.lines.get(line.lineId)!.final) return [];
    return [{ type: 'LineDelivered', lineId: line.lineId, at: answer.at ?? at }];
  });
};

const isFinal = (order: ConfirmedOrder, answers: Answers, line: OrderLine): boolean =>
  order.lines.get(line.lineId)!.final || (isStocked(line) && (gateOf(order) === 'shut' || answers.get(`activate${line.lineId}`)?.ok === true));
const deliveredOf = (order: ConfirmedOrder, answers: Answers, line: OrderLine): number => {
  const { final, delivered } = order.lines.get(line.lineId)!;
  if (final) return delivered;
  return answers.get(`activate${line.lineId}`)?.ok === true ? line.quantity : 0;
};

const end = (order: ConfirmedOrder, answers: Answers, at: Instant): OrderEvent => {
  const lines: readonly LineCount[] = order.terms.lines.map((line) => {
    const delivered = deliveredOf(order, answers, line);
    return { lineId: line.lineId, productId: line.productId, ordered: line.quantity, delivered, failed: line.quantity - delivered };
  });
  if (lines.some(({ delivered }) => delivered > 0)) return { type: 'OrderCompleted', ...endingOf(order), lines, at };
  return { type: 'OrderCancelled', ...endingOf(order), lines, reason: commonReason(order), at };
};
/** Nothing was delivered: the lines' own reason if they agree. */
const commonReason = (order: ConfirmedOrder): Reason => {
  const reasons = new Set([...order.lines.values()].flatMap(({ reason }) => reason ?? []));
  return reasons.size === 1 ? [...reasons][0]! : 'DELIVERY_FAILED';
};
