import type { Projection } from '@vouchsafe/read-store';
import type { AnyEvent } from './matter.js';

/** What an observer sees of one order. Money as decimal text of minor units. */
export type OrderCourse = {
  readonly channelId: string;
  readonly state: string;
  readonly reason: string;
  readonly verdict: string;
  readonly totalMinor: string;
  readonly currency: string;
  readonly placedAt: number;
  readonly endedAt: number;
};

type Fields = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
/** The decision within `verdict`; left out in the stored form where it is `allow`. */
const decisionOf = (verdict: unknown): string => (verdict !== null && typeof verdict === 'object' ? text((verdict as Fields).decision) || 'allow' : '');
/** Left out in the stored form where it is the usual one. */
const USUAL_CURRENCY = 'CNY';
const nothingYet: OrderCourse = { channelId: '', state: 'PENDING', reason: '', verdict: '', totalMinor: '0', currency: '', placedAt: 0, endedAt: 0 };

const STATES: Readonly<Record<string, string>> = {
  OrderPlaced: 'PENDING', OrderRefused: 'REJECTED', ReviewBegun: 'IN_REVIEW', PaymentAwaited: 'AWAITING_PAYMENT', OrderConfirmed: 'FULFILLING', OrderCompleted: 'COMPLETED', OrderRejected: 'REJECTED', OrderCancelled: 'CANCELLED',
  OrderRevived: 'FULFILLING',
};
const ENDS = new Set(['COMPLETED', 'REJECTED', 'CANCELLED']);
/** `OrderPlaced` of `order.OrderPlaced.v1`. */
const nameOf = (type: string): string => {
  const from = type.indexOf('.') + 1;
  const to = type.indexOf('.', from);
  return from === 0 ? '' : type.slice(from, to < 0 ? undefined : to);
};

/** One line per order: its state, its end, how long it took. Answers GetOverview. */
export const orderCourses: Projection<AnyEvent, OrderCourse> = {
  collection: { name: 'order_courses_v1', indexes: [{ fields: ['placedAt'] }, { fields: ['state'] }] },
  idsOf: (event, meta) => (meta.stream.startsWith('order-') && STATES[nameOf(event.type)] ? [meta.stream.slice('order-'.length)] : []),
  apply: (course = nothingYet, event, meta) => {
    const state = STATES[nameOf(event.type)];
    if (!state) return course;
    const data = event.data as Fields;
    const first = course.placedAt === 0;
    return {
      channelId: course.channelId || text(data.channelId),
      state,
      reason: text(data.reason) || (state === 'COMPLETED' ? '' : course.reason),
      verdict: decisionOf(data.verdict) || course.verdict,
      totalMinor: text(data.total) || course.totalMinor,
      currency: text(data.currency) || course.currency || USUAL_CURRENCY,
      placedAt: first ? meta.recordedAt : course.placedAt,
      endedAt: ENDS.has(state) ? meta.recordedAt : 0,
    };
  },
};
