import { startSandboxProvider } from '@vouchsafe/fulfillment';
import { type PaymentProvider, postNotices, sandboxPayment, sandboxPaymentOverHttp, startSandboxPaymentServer } from '@vouchsafe/order';
import { type Clock, clockTimers, type Log, systemRandom } from '@vouchsafe/runtime';
import type { Closers } from '@vouchsafe/process';
import type { ServiceSettings } from './compose.js';

export const SANDBOX_PROVIDER = 'sandbox';
/** These providers lie on this machine and answer within their 10 s or never: whoever tries a crash need not wait as long as for one far away. */
const SILENCE_MS = 15_000;
const SANDBOX_MERCHANT = 'vouchsafe-sandbox';

/** What the sandbox's providers do otherwise than usual: in a trace, a bank that takes its time. */
export type SandboxTempers = {
  /** From a payment to its charge-back, and from there to the dispute's end; order numbers say which (`.charged`, `.won`, `.lost`). */
  readonly chargebackAfterMs?: number;
};
export type SandboxProviders = {
  readonly paymentProviders: readonly PaymentProvider[];
  readonly settings: ServiceSettings;
  /** The same, as settings of services that are processes of their own. Holds the secret that notices are signed with. */
  readonly processSettings: Readonly<Record<string, object>>;
};

/**
 * Providers of money and top-ups that do as order numbers and accounts tell them: HTTP servers of their own, on loopback,
 * never for live. `noticesUrl`: where notices go, once the platform listens.
 */
export const startSandboxProviders = async (clock: Clock, log: Log, noticesUrl: () => string | undefined, closers: Closers, tempers: SandboxTempers = {}): Promise<SandboxProviders> => {
  const topUps = await startSandboxProvider({ clock });
  closers.add(() => topUps.stop());
  const secret = systemRandom().bytes(32).toString('hex');
  const money = await startSandboxPaymentServer({
    clock, secret, merchantId: SANDBOX_MERCHANT, log, timers: clockTimers(clock), ...tempers,
    notify: async (notice) => {
      const url = noticesUrl();
      if (!url) throw new Error('the platform does not listen yet');
      await postNotices(url)(notice);
    },
  });
  closers.add(() => money.stop());
  const fulfillment = { silenceMs: SILENCE_MS, providers: [{ name: SANDBOX_PROVIDER, kind: 'sandbox' as const, baseUrl: topUps.baseUrl }] };
  return {
    paymentProviders: [sandboxPayment({ call: sandboxPaymentOverHttp(money.baseUrl), secret, merchantId: SANDBOX_MERCHANT })],
    settings: { fulfillment },
    processSettings: { fulfillment, order: { sandboxPayment: { baseUrl: money.baseUrl, secret, merchantId: SANDBOX_MERCHANT } } },
  };
};
