import {
  activateGrant, captureHold, commitReservation, type CommandOf, type GrantTerms, holdFunds, postFact, releaseHold, releaseReservation,
  reserveVouchers, type ResultOf, settlementAccountId, startTopUp,
} from '@vouchsafe/contracts';
import type { Soon } from '@vouchsafe/event-store';
import { type Instant, invariant, money, plusMs } from '@vouchsafe/kernel';
import type { OrderConfig } from '../config.js';
import type { ConfirmedOrder, LiveOrder } from '../domain/order-state.js';
import { activateKey, type OutgoingCommand } from '../domain/outgoing.js';
import { type Answer, type Answers, isStocked, type OrderLine, type OrderTerms, type UsageTerms, usesHold } from '../domain/terms.js';
import { deliveryFact, dimsOf } from './delivery-fact.js';
import { deliveryIdOf, reservationIdOf } from './names.js';
import type { Send, SendEnvelope, Sent } from './send.js';

/** An order in its course: what a command is made of. */
export type Course = { readonly orderId: string; readonly order: LiveOrder; readonly answers: Answers; readonly at: Instant; readonly trace?: string | undefined };
/** Sends one command of an order and gives its answer, maybe at once. Throws or rejects with a Fault where there is none yet: to be sent again. */
export type Dispatch = (course: Course, command: OutgoingCommand) => Soon<Answer>;

/** The order's commands to streams of its own service. Each may be called again. */
export type OwnCommands = {
  requestPayment(orderId: string, terms: OrderTerms): Promise<void>;
  /** `paid`: too late to close, the money has come. */
  closePayment(orderId: string, terms: OrderTerms): Promise<{ readonly paid: boolean }>;
  refundUndelivered(orderId: string, terms: OrderTerms, minor: bigint): Promise<void>;
};

export const createDispatch = (config: OrderConfig, send: Send, own: OwnCommands): Dispatch => (course, command) =>
  isOwn(command) ? toOwn(course, command, own) : toOthers(course, command, { send, config });

type Own = Extract<OutgoingCommand, { type: 'RequestPayment' | 'ClosePayment' | 'RefundUndelivered' }>;
const isOwn = (command: OutgoingCommand): command is Own => command.type === 'RequestPayment' || command.type === 'ClosePayment' || command.type === 'RefundUndelivered';
type Means = { readonly send: Send; readonly config: OrderConfig };

const toOwn = async ({ orderId, order: { terms } }: Course, command: Own, own: OwnCommands): Promise<Answer> => {
  switch (command.type) {
    case 'RequestPayment':
      await own.requestPayment(orderId, terms);
      return YES;
    case 'ClosePayment':
      return { ok: true, ...(await own.closePayment(orderId, terms)) };
    case 'RefundUndelivered':
      await own.refundUndelivered(orderId, terms, command.minor);
      return YES;
  }
};

const toOthers = (course: Course, command: Exclude<OutgoingCommand, Own>, { send, config }: Means): Soon<Answer> => {
  const { orderId, order, trace, at } = course;
  const { terms } = order;
  const { principal } = terms;
  const commandId = `${orderId}/${command.key}`;
  const envelope: SendEnvelope = trace === undefined ? { commandId, correlation: orderId, principal, at } : { commandId, correlation: orderId, principal, at, trace };
  switch (command.type) {
    case 'ReserveVouchers':
      return read(send(reserveVouchers, reservation(course, command.line, command.revived), envelope), yes);
    case 'CommitReservation': {
      const { line: { lineId, productId }, revived } = command;
      return read(send(commitReservation, { reservationId: reservationIdOf(orderId, lineId, revived), productId }, envelope), committed);
    }
    case 'ReleaseReservation': {
      const { line: { lineId, productId }, revived } = command;
      const body = { reservationId: reservationIdOf(orderId, lineId, revived), productId, notAfter: lapseOf(order), reason: reasonOf(order) };
      return read(send(releaseReservation, body, envelope), yes);
    }
    case 'HoldFunds':
      return read(send(holdFunds, hold(course, config), envelope), yes);
    case 'ReleaseHold':
      return read(send(releaseHold, { holdId: orderId, accountId: accountOf(terms), notAfter: terms.answerBy, reason: reasonOf(order) }, envelope), yes);
    case 'ActivateGrant':
      return read(send(activateGrant, activation(course, command.line), envelope), activated);
    case 'StartTopUp':
      return read(send(startTopUp, topUp(course, command.line), envelope), yes);
    case 'CaptureHold': {
      const { fact, occurredAt } = delivered(course, command);
      const body = { holdId: orderId, accountId: accountOf(terms), captureId: `${orderId}.${command.line.lineId}`, final: command.final, fact, occurredAt };
      return read(send(captureHold, body, envelope), yes);
    }
    case 'BookDelivery': {
      const { fact, occurredAt } = delivered(course, command);
      return read(send(postFact, { factId: `${orderId}.${command.line.lineId}`, fact: { type: 'Delivered', ...fact }, occurredAt }, envelope), yes);
    }
  }
};

const read = <R>(sent: Soon<Sent<R>>, answerOf: (sent: Sent<R>) => Answer): Soon<Answer> => (sent instanceof Promise ? sent.then(answerOf) : answerOf(sent));
const YES: Answer = { ok: true };
const yes = (sent: Sent<object>): Answer => (sent.ok ? YES : sent);
const committed = (sent: Sent<ResultOf<typeof commitReservation>>): Answer => (sent.ok ? { ok: true, ranges: sent.result.ranges } : sent);
const activated = (sent: Sent<ResultOf<typeof activateGrant>>): Answer => (sent.ok ? { ok: true, at: sent.result.activatedAt } : sent);
const reasonOf = (order: LiveOrder): string => (order.step === 'ended' && order.reason) || order.step;
/** Account the order settles on. Only for settlement by hold. */
export const accountOf = (terms: OrderTerms): string => {
  invariant(usesHold(terms), 'only prepaid and credit orders settle on an account');
  return settlementAccountId(terms.payerChannelId ?? terms.channelId, terms.settlement, terms.currency);
};
const lapseOf = (order: LiveOrder): Instant => (order.step === 'reviving' ? order.answerBy : order.terms.answerBy);

const reservation = ({ orderId, order }: Course, line: OrderLine, revived: boolean): CommandOf<typeof reserveVouchers> => {
  const { terms } = order;
  const heldUntil = order.step === 'reviving' ? order.heldUntil : terms.heldUntil;
  return {
    reservationId: reservationIdOf(orderId, line.lineId, revived), productId: line.productId, orderId, lineId: line.lineId, channelId: terms.channelId,
    listingId: line.listingId, quantity: line.quantity, notAfter: lapseOf(order), heldUntil,
    ...(line.quota !== undefined && { quota: line.quota }),
    ...(line.buyerLimit !== undefined && { buyerLimit: line.buyerLimit, buyerToken: terms.buyer?.token }),
    ...(line.minValidMs !== undefined && { minValidUntil: plusMs(terms.placedAt, line.minValidMs) }),
  };
};

const hold = ({ orderId, order: { terms } }: Course, { holdFundsMarginMs }: OrderConfig): CommandOf<typeof holdFunds> => {
  // A top-up may take days, and its money must stand as long.
  let longest = 0;
  for (const { topUp } of terms.lines) if (topUp && topUp.giveUpMs > longest) longest = topUp.giveUpMs;
  return {
    holdId: orderId, accountId: accountOf(terms), channelId: terms.channelId, orderId, amount: money(terms.totalMinor, terms.currency),
    notAfter: terms.answerBy, expiresAt: plusMs(terms.heldUntil, longest + holdFundsMarginMs),
  };
};

const confirmedOf = (order: LiveOrder): ConfirmedOrder => {
  invariant(order.step === 'confirmed', 'deliveries happen past the pivot only');
  return order;
};
const rangesOf = (order: LiveOrder, { lineId }: OrderLine) => confirmedOf(order).committed.get(lineId) ?? [];

const activation = ({ orderId, order }: Course, line: OrderLine): CommandOf<typeof activateGrant> => {
  const { terms } = order;
  const ranges = rangesOf(order, line);
  return {
    orderId, lineId: line.lineId, reservationId: reservationIdOf(orderId, line.lineId, order.revived), channelId: terms.channelId,
    ownerPrincipal: terms.principal, productId: line.productId, kind: line.kind,
    ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from, to })),
    terms: grantTermsOf(line.usage, terms.currency, ranges), lineGross: money(line.grossMinor, terms.currency), taxRateBp: line.taxRateBp,
    dims: dimsOf(orderId, terms, line),
  };
};

/** A unit may be used until the product's or its batch's end, whichever comes first; a grant has one end, so the earliest of its batches'. */
const grantTermsOf = (usage: UsageTerms, currency: string, ranges: readonly { readonly validUntil?: Instant }[]): GrantTerms => {
  const { prepaidUntaxed, ...same } = usage;
  let end = usage.validUntil;
  for (const { validUntil } of ranges) if (validUntil !== undefined && (end === undefined || validUntil < end)) end = validUntil;
  return { ...same, currency, ownClass: prepaidUntaxed ? 'prepaid_untaxed' : 'taxed', ...(end !== undefined && { validUntil: end }) };
};

const topUp = ({ orderId, order: { terms } }: Course, line: OrderLine): CommandOf<typeof startTopUp> => {
  invariant(line.topUp, 'a top-up line has top-up terms');
  const { provider, providerSku, faceMinor, costMicros, inputTaxRateBp, guardMs, giveUpMs, accountRef, accountToken, allowRepeat } = line.topUp;
  return {
    deliveryId: deliveryIdOf(orderId, line.lineId), orderId, lineId: line.lineId, channelId: terms.channelId, productId: line.productId,
    supplierId: line.supplierId, provider, accountRef, accountToken, quantity: line.quantity, face: money(faceMinor, terms.currency),
    ...(providerSku !== undefined && { providerSku }), ...(costMicros > 0n && { unitCostMicros: costMicros, inputTaxRateBp }), guardMs, allowRepeat, giveUpAt: plusMs(terms.placedAt, giveUpMs),
  };
};

type Delivered = { readonly line: OrderLine; readonly units: number };
const delivered = ({ orderId, order, answers }: Course, { line, units }: Delivered) => {
  const confirmed = confirmedOf(order);
  const end = confirmed.lines.get(line.lineId)!;
  const source = isStocked(line) ? { ranges: rangesOf(order, line) } : { topUp: end.topUp! };
  const activation = answers.get(activateKey(line.lineId));
  const at = end.deliveredAt ?? (activation?.ok ? activation.at : undefined) ?? order.terms.placedAt;
  return { fact: deliveryFact(orderId, order.terms, line, { ...source, units }), occurredAt: at };
};
