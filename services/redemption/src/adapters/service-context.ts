import { plusMs } from '@vouchsafe/kernel';
import { type CallContext, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';

/** Context of a call that the service makes on its own behalf. */
export type ServiceContext = () => CallContext;
const DEADLINE_MS = 5_000;

/** Request ids are numbered behind one minted at the start: cheaper than minting, for every redemption makes some calls. */
export const serviceContext = (namespace: Namespace, clock: Clock, ids: Ids): ServiceContext => {
  const caller = serviceCaller('redemption', namespace);
  const prefix = ids.mint('request');
  let calls = 0;
  return () => ({ caller, requestId: `${prefix}.${++calls}`, deadline: plusMs(clock.now(), DEADLINE_MS), locale: 'en' });
};
