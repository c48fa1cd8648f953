import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { displayMoney } from '@vouchsafe/kernel';
import type { InsightService } from '@vouchsafe/proto/audit/v1/audit';
import type { Collection } from '@vouchsafe/read-store';
import type { Handlers } from '@vouchsafe/rpc';
import { overviewOf } from '../application/overview.js';
import type { OrderCourse } from '../projections/order-course.js';

const asBigints = (counts: Readonly<Record<string, number>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, BigInt(count)]));

/** RPCs for people who watch. */
export const insightService = (courses: Collection<OrderCourse>): Handlers<typeof InsightService> => ({
  getOverview: async () => {
    const { byState, byReason, byVerdict, p50Ms, p99Ms, recent } = await overviewOf(courses);
    return {
      ordersByState: asBigints(byState), ordersByReason: asBigints(byReason), verdicts: asBigints(byVerdict), p50Ms, p99Ms,
      recent: recent.map(({ orderId, channelId, state, reason, totalMinor, currency, placedAt, endedAt }) => {
        const total = { minor: BigInt(totalMinor), currency };
        return {
          orderId, channelId, state, reason, placedAt: timestampFromMs(placedAt), ms: endedAt ? Math.max(1, endedAt - placedAt) : 0, // 0 says that it has not ended
          total: { ...total, display: displayMoney(total) },
        };
      }),
    };
  },
});
