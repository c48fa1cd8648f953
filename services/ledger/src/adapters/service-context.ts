import { plusMs } from '@vouchsafe/kernel';
import { type CallContext, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';

/** Context of a call that the ledger makes on its own behalf. */
export type ServiceContext = () => CallContext;

export const serviceContext = (namespace: Namespace, clock: Clock, ids: Ids, askMs: number): ServiceContext => {
  const caller = serviceCaller('ledger', namespace);
  return () => ({ caller, requestId: ids.mint('request'), deadline: plusMs(clock.now(), askMs), locale: 'en' });
};
