import type { Envelope } from '@vouchsafe/event-store';
import type { CallContext } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';

/** The envelope of what a call asks for. A repeated request id gives the same command id. */
export const envelopeOf = (
  { ids, clock }: { readonly ids: Ids; readonly clock: Clock }, { caller, requestId: call, trace }: CallContext, requestId: string, what: string,
): Envelope => ({
  commandId: requestId === '' ? ids.uuid() : uuidv5(`inventory/${caller.namespace}/${caller.principalId}/${what}/${requestId}`),
  correlation: call, principal: caller.principalId, at: clock.now(), ...(trace !== undefined && { trace }),
});

/** Waits for work as long as the caller does, and a little less. */
export const inTime = async (work: Promise<void>, clock: Clock, { deadline }: CallContext): Promise<void> => {
  const abort = new AbortController();
  await Promise.race([work, clock.sleep(Math.max(0, deadline - clock.now() - MARGIN_MS), abort.signal)]);
  abort.abort();
};
const MARGIN_MS = 500;
