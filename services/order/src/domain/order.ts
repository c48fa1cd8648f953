import { accept, type Decider, type Decision, type Of, reject } from '@vouchsafe/kernel';
import { allocateRefund } from './allocation.js';
import { react } from './course.js';
import type { OrderCommand, OrderEvent, OrderRejection } from './order-events.js';
import { absent, cancelled, evolve, fingerprintOf, isLive, type Order, rejected, TIMED_OUT } from './order-state.js';

/** Whether an order is placed, goes on, ends, is taken back. Stream `order-<id>`. */
export const orderDecider: Decider<Order, OrderCommand, OrderEvent, OrderRejection> = {
  decide: (command, order) => decide(command, order), evolve, initial: absent,
};

const decide = (command: OrderCommand, order: Order): Decision<OrderEvent, OrderRejection> => {
  switch (command.type) {
    case 'PlaceOrder':
      return firstEvent(order, command.terms.fingerprint, { ...command.terms, type: 'OrderPlaced' });
    case 'RefuseOrder':
      return firstEvent(order, command.refusal.fingerprint, command.refusal);
    case 'Proceed':
      return isLive(order) ? accept(...react(order, command.answers, command.at)) : reject('ORDER_UNKNOWN');
    case 'CancelOrder':
      return cancel(command, order);
    case 'ResolveReview':
      return resolveReview(command, order);
    case 'ReceivePayment':
      return receivePayment(command, order);
    case 'FailPayment':
      return failPayment(command, order);
    case 'SettleTopUp':
      return settleTopUp(command, order);
    case 'EndUnlessConfirmed':
      return endUnlessConfirmed(command, order);
    case 'AllocateRefund':
      return allocate(command, order);
  }
};

/** The stream's absence is the deduplication: whoever comes second with the same body asks for the same order. */
const firstEvent = (order: Order, fingerprint: string, event: OrderEvent): Decision<OrderEvent, OrderRejection> => {
  if (order.step === 'absent') return accept(event);
  return fingerprintOf(order) === fingerprint ? accept() : reject('ORDER_NUMBER_REUSED');
};

const cancel = ({ by, at }: Of<OrderCommand, 'CancelOrder'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject(order.step === 'absent' ? 'ORDER_UNKNOWN' : 'ORDER_NOT_CANCELLABLE');
  if (order.step === 'placed') return accept(cancelled(order, 'CANCELLED_BY_CHANNEL', at, by));
  return order.step === 'ended' && order.end === 'CANCELLED' ? accept() : reject('ORDER_NOT_CANCELLABLE');
};

const resolveReview = ({ decision, by, at }: Of<OrderCommand, 'ResolveReview'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject('ORDER_UNKNOWN');
  if (order.step !== 'placed' || (order.review !== 'wanted' && order.review !== 'begun')) return reject('REVIEW_NOT_OPEN');
  return accept({ type: 'ReviewResolved', decision, by, at });
};

const receivePayment = (command: Of<OrderCommand, 'ReceivePayment'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject('ORDER_UNKNOWN');
  if (order.paid) return accept();
  if (order.step === 'placed') return accept({ type: 'PaymentReceived', at: command.at });
  if (order.step !== 'ended' || order.reason !== TIMED_OUT || !order.terms.payment?.fulfilLate) return reject('PAYMENT_NOT_WANTED');
  // The first reservation must be back before a second one is asked for, or their undoing could not be told apart.
  if (order.undoOwed) return reject('UNDO_PENDING');
  return accept({ type: 'RevivalBegun', answerBy: command.reviveAnswerBy, heldUntil: command.reviveHeldUntil, at: command.at });
};

const failPayment = ({ reason, at }: Of<OrderCommand, 'FailPayment'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject('ORDER_UNKNOWN');
  return order.step === 'placed' && order.payment === 'awaited' ? accept(cancelled(order, reason, at)) : accept();
};

const settleTopUp = ({ type: _, ...settled }: Of<OrderCommand, 'SettleTopUp'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject('ORDER_UNKNOWN');
  if (!order.lines.has(settled.lineId)) return reject('LINE_UNKNOWN');
  if (order.lines.get(settled.lineId)!.topUp) return accept();
  return order.step === 'confirmed' ? accept({ type: 'TopUpSettled', ...settled }) : reject('TOP_UP_NOT_OPEN');
};

const endUnlessConfirmed = ({ reason, at }: Of<OrderCommand, 'EndUnlessConfirmed'>, order: Order): Decision<OrderEvent, OrderRejection> =>
  order.step === 'placed' ? accept(rejected(order, reason, at)) : accept();

const allocate = ({ refundId, cause, asks, at }: Of<OrderCommand, 'AllocateRefund'>, order: Order): Decision<OrderEvent, OrderRejection> => {
  if (!isLive(order)) return reject('ORDER_UNKNOWN');
  if (order.step !== 'ended') return reject('LINE_UNKNOWN');
  if (order.allocated.has(refundId)) return accept();
  const shares = allocateRefund(order, asks);
  return shares.ok ? accept({ type: 'RefundAllocated', refundId, cause, shares: shares.shares, at }) : reject(shares.code);
};
