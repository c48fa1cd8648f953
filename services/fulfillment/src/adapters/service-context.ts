import { plusMs } from '@vouchsafe/kernel';
import { type CallContext, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';

/** Context of a call that the service makes on its own behalf. */
export type ServiceContext = () => CallContext;
const DEADLINE_MS = 5_000;

export const serviceContext = (namespace: Namespace, clock: Clock, ids: Ids): ServiceContext => {
  const caller = serviceCaller('fulfillment', namespace);
  return () => ({ caller, requestId: ids.mint('request'), deadline: plusMs(clock.now(), DEADLINE_MS), locale: 'en' });
};
