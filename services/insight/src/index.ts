import type { EventStore } from '@vouchsafe/event-store';
import { AuditService, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { bind, type BoundProjection, type ProjectionRunner, type ReadStore, startProjections } from '@vouchsafe/read-store';
import { type Rpc, serviceCaller } from '@vouchsafe/rpc';
import { type Clock, type Ids, type Log, type Namespace, type ServiceModule } from '@vouchsafe/runtime';
import { plusMs } from '@vouchsafe/kernel';
import { anyCodec } from './adapters/any-codec.js';
import { auditService } from './api/audit-service.js';
import { insightService } from './api/insight-service.js';
import type { GrantOf } from './application/timeline.js';
import type { UnitRef } from './application/concerns.js';
import { type Matter, matters } from './projections/matter.js';
import { type OrderCourse, orderCourses } from './projections/order-course.js';
import { type TillClaim, tillClaims } from './projections/till-claim.js';

export { insightErrors } from './api/errors.js';
export { type Title, titleOf } from './application/titles.js';

export type InsightPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

/** Streams whose events belong to somebody's matter; catalogue, access and terminals' own bookkeeping do not. */
const MATTER_CATEGORIES = [
  'order', 'verdict', 'case', 'pool', 'buyerlimit', 'account', 'journal', 'grant', 'delivery', 'payment', 'refund', 'chargeback',
] as const;

/** Views that insight keeps; also what an audit rebuilds and compares. */
export const insightProjections = (): readonly BoundProjection[] => [
  bind(matters, anyCodec, MATTER_CATEGORIES),
  bind(orderCourses, anyCodec, ['order']),
  bind(tillClaims, anyCodec, ['terminal']),
];

const ASK_MS = 5_000;

/** The read side: timelines, the event stream, overview. Owns no stream. */
export const createInsight = (ports: InsightPorts): ServiceModule & { readonly projections: () => ProjectionRunner | undefined } => {
  let runner: ProjectionRunner | undefined;
  const { namespace, store, readStore, rpc, clock, ids, log } = ports;
  const grantsOf = async ({ batchId, index }: UnitRef): Promise<readonly GrantOf[]> => {
    const context = { caller: serviceCaller('insight', namespace), requestId: ids.mint('request'), deadline: plusMs(clock.now(), ASK_MS), locale: 'en' } as const;
    const { grants } = await rpc.call(GrantsService.method.findGrants, { batchId, index: BigInt(index) }, context);
    return grants.map(({ orderId, stream }) => ({ orderId, stream }));
  };
  return {
    name: 'insight',
    needs: ['inventory', 'redemption'],
    projections: () => runner,
    start: async () => {
      runner = await startProjections({ name: 'insight', store, readStore, log, clock, projections: insightProjections() });
      const timeline = { store, matters: await readStore.collection<Matter>(matters.collection), claims: await readStore.collection<TillClaim>(tillClaims.collection), grantsOf };
      rpc.serve(AuditService, auditService({ namespace, store, clock, rpc, timeline, runner }));
      rpc.serve(InsightService, insightService(await readStore.collection<OrderCourse>(orderCourses.collection)));
    },
    stop: async () => runner?.stop(),
  };
};
