import type { EventStore } from '@vouchsafe/event-store';
import { plusMs, type Secret } from '@vouchsafe/kernel';
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

/**
 * Moves top-ups on: each attempt is recorded, and the record durable, before a provider hears of it; after a crash the
 * provider is asked before anything is sent again. One drive per top-up at a time; called too often it finds nothing to do.
 */
export const topUpDriver = (options: DriverOptions) => {
  const { topUps, guards, store, clock, signal } = options;
  const driving = new Map<string, Promise<void>>();
  /** Undefined: it is not ours to go on, another process did meanwhile. */
  const record = async (stream: string, { terms }: TopUp, command: TopUpCommand, name: string): Promise<TopUp | undefined> => {
    const at = clock.now();
    const done = await topUps.handle(stream, command, { commandId: `${stream}/${name}`, correlation: terms.orderId, principal: PRINCIPAL, at });
    return done.ok && done.events.length > 0 ? done.state : undefined;
  };
  const ask = async (stream: string, topUp: TopUp, step: Exclude<Step, { do: 'nothing' }>): Promise<TopUp | undefined> => {
    const { provider, requestNumber } = step;
    const count = topUp.attempts.find((attempt) => attempt.requestNumber === requestNumber)?.inconclusive ?? 0;
    if (step.do === 'send') {
      const at = clock.now();
      const sent = await record(stream, topUp, { type: 'RecordAttempt', provider, requestNumber, silentAt: plusMs(at, options.silenceMs), at }, `${requestNumber}/send/${count}`);
      if (!sent) return undefined;
    }
    await store.durable(store.head());
    const answer = await answerOf(options, topUp, step);
    if (signal.aborted) return undefined; // this process is going down: the next one asks
    return record(stream, topUp, { type: 'RecordAnswer', requestNumber, answer, at: clock.now() }, `${requestNumber}/answer/${count}`);
  };
  const drive = async (stream: string): Promise<void> => {
    let topUp: TopUp | undefined = (await topUps.load(stream)).state;
    for (let steps = 0; topUp && steps < STEPS_MAX && !signal.aborted; steps++) {
      if (topUp.end?.outcome === 'failed') return release(stream, topUp);
      const step = nextStep(topUp, clock.now());
      if (step.do === 'nothing') return;
      topUp = await ask(stream, topUp, step);
    }
  };
  const release = async (stream: string, { terms }: TopUp): Promise<void> => {
    const at = clock.now();
    await guards.handle(guardStream(terms), { type: 'Release', deliveryId: terms.deliveryId, at }, { commandId: `${stream}/release`, correlation: terms.orderId, principal: PRINCIPAL, at });
  };
  return {
    /** Does what is due now. A drive that runs already is joined. */
    drive: (stream: string): Promise<void> => {
      const running = driving.get(stream) ?? drive(stream).finally(() => driving.delete(stream));
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
