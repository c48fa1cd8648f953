import type { Envelope, EventStore } from '@vouchsafe/event-store';
import { type Instant, plusMs, type Secret } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { nextStep, type Step, type TopUp } from '../domain/top-up.js';
import type { ProviderAnswer, TopUpCommand } from '../domain/top-up-messages.js';
import type { Accounts, GuardHost, Providers, TopUpHost } from './ports.js';
import { guardStream } from './start-top-up.js';

export type DriverOptions = {
  readonly topUps: TopUpHost; readonly guards: GuardHost; readonly providers: Providers; readonly accounts: Accounts; readonly store: EventStore;
  readonly clock: Clock; readonly signal: AbortSignal;
  /** After so long without an answer on record (a crash, say) a provider is asked what became of an attempt. */
  readonly silenceMs: number;
};
/** A route of providers is short and each is sent to once per round; more steps in a row than this is a bug. */
const STEPS_MAX = 20;
const PRINCIPAL = 'svc_fulfillment';
/** A top-up's stream, and the trace that what is done to it belongs to, where one is recorded. */
type Driven = { readonly stream: string; readonly trace: string | undefined };
const envelopeOf = ({ trace }: Driven, commandId: string, correlation: string, at: Instant): Envelope => ({ commandId, correlation, principal: PRINCIPAL, at, ...(trace !== undefined && { trace }) });

/**
 * Moves top-ups on: each attempt is recorded, and the record durable, before a provider hears of it; after a crash the
 * provider is asked before anything is sent again. One drive per top-up at a time; called too often it finds nothing to do.
 */
export const topUpDriver = (options: DriverOptions) => {
  const { topUps, guards, store, clock, signal } = options;
  const driving = new Map<string, Promise<void>>();
  /** Undefined: it is not ours to go on, another process did meanwhile. */
  const record = async (driven: Driven, { terms }: TopUp, command: TopUpCommand, name: string): Promise<TopUp | undefined> => {
    const { stream } = driven;
    const done = await topUps.handle(stream, command, envelopeOf(driven, `${stream}/${name}`, terms.orderId, clock.now()));
    return done.ok && done.events.length > 0 ? done.state : undefined;
  };
  const ask = async (driven: Driven, topUp: TopUp, step: Exclude<Step, { do: 'nothing' }>): Promise<TopUp | undefined> => {
    const { provider, requestNumber } = step;
    const count = topUp.attempts.find((attempt) => attempt.requestNumber === requestNumber)?.inconclusive ?? 0;
    if (step.do === 'send') {
      const at = clock.now();
      const sent = await record(driven, topUp, { type: 'RecordAttempt', provider, requestNumber, silentAt: plusMs(at, options.silenceMs), at }, `${requestNumber}/send/${count}`);
      if (!sent) return undefined;
    }
    await store.durable(store.head());
    const answer = await answerOf(options, topUp, step);
    if (signal.aborted) return undefined; // this process is going down: the next one asks
    return record(driven, topUp, { type: 'RecordAnswer', requestNumber, answer, at: clock.now() }, `${requestNumber}/answer/${count}`);
  };
  const drive = async (driven: Driven): Promise<void> => {
    let topUp: TopUp | undefined = (await topUps.load(driven.stream)).state;
    for (let steps = 0; topUp && steps < STEPS_MAX && !signal.aborted; steps++) {
      if (topUp.end?.outcome === 'failed') return release(driven, topUp);
      const step = nextStep(topUp, clock.now());
      if (step.do === 'nothing') return;
      topUp = await ask(driven, topUp, step);
    }
  };
  const release = async (driven: Driven, { terms }: TopUp): Promise<void> => {
    const at = clock.now();
    await guards.handle(guardStream(terms), { type: 'Release', deliveryId: terms.deliveryId, at }, envelopeOf(driven, `${driven.stream}/release`, terms.orderId, at));
  };
  return {
    /** Does what is due now, in the trace of who began it. A drive that runs already is joined. */
    drive: (stream: string, trace?: string): Promise<void> => {
      const running = driving.get(stream) ?? drive({ stream, trace }).finally(() => driving.delete(stream));
      driving.set(stream, running);
      return running;
    },
    /** Settles when what runs has ended; nothing must be started after `signal` aborted. */
    idle: async (): Promise<void> => {
      await Promise.allSettled(driving.values());
    },
  };
};
export type TopUpDriver = ReturnType<typeof topUpDriver>;

const answerOf = async ({ providers, accounts, signal }: DriverOptions, { terms }: TopUp, step: Exclude<Step, { do: 'nothing' }>): Promise<ProviderAnswer> => {
  const provider = providers.get(step.provider);
  if (!provider) return { status: 'unknown', reason: 'PROVIDER_NOT_CONFIGURED' };
  const { requestNumber } = step;
  if (step.do === 'query') return provider.query(requestNumber, signal);
  const account: Secret | undefined = await accounts.reveal(terms.accountRef);
  if (!account) return { status: 'failed', reason: 'ACCOUNT_ERASED' }; // never sent, or proved never to have arrived: it cannot happen any more
  const { quantity, face, providerSku } = terms;
  return provider.submit({ requestNumber, account, quantity, face, ...(providerSku !== undefined && { sku: providerSku }) }, signal);
};
