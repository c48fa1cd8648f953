import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import type { CommandOf, ResultOf, startTopUp } from '@vouchsafe/contracts';
import { isId } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { TopUpTerms } from '../domain/top-up-messages.js';
import type { GuardHost, Providers, TopUpHost } from './ports.js';

type Command = CommandOf<typeof startTopUp>;

export const deliveryStream = (orderId: string, lineId: string): string => `delivery-${orderId}_${lineId}`;
export const guardStream = ({ productId, accountToken }: Pick<TopUpTerms, 'productId' | 'accountToken'>): string => `topupguard-${productId}_${accountToken}`;

/** Takes a top-up: first the guard of its account, then the delivery's own stream. What follows is the driver's. */
export const topUpStart = ({ topUps, guards, providers, clock }: { readonly topUps: TopUpHost; readonly guards: GuardHost; readonly providers: Providers; readonly clock: Clock }) =>
  async (command: Command, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof startTopUp>>> => {
    const { provider, ...told } = command;
    const stream = deliveryStream(command.orderId, command.lineId);
    const known = (await topUps.load(stream)).state;
    const route = known?.terms.providers ?? providers.routeOf(provider);
    if (!route) return { ok: false, code: 'PROVIDER_UNKNOWN', details: { provider } };
    if (route[0] !== provider) return { ok: false, code: 'DELIVERY_ID_REUSED', details: { provider } };
    if (!isPayable(command)) return { ok: false, code: 'ACCOUNT_INVALID', details: {} };
    const terms: TopUpTerms = { ...told, providers: route };
    const at = clock.now();
    if (!known) {
      const { deliveryId, guardMs, allowRepeat: repeat } = terms;
      const guarded = await guards.handle(guardStream(terms), { type: 'Claim', deliveryId, guardMs, repeat, at }, { ...envelope, commandId: `${envelope.commandId}/guard`, at });
      if (!guarded.ok) return guarded;
    }
    const started = await topUps.handle(stream, { type: 'Start', terms, at }, { ...envelope, at });
    return started.ok ? { ok: true, result: {} } : started;
  };

const isPayable = ({ accountRef, accountToken, quantity }: Command): boolean => isId('subject', accountRef) && accountToken !== '' && quantity >= 1;
