import { runService } from '@vouchsafe/process/run';
import { z } from 'zod';
import { sandboxPayment, overHttp } from './adapters/sandbox-payment.js';
import { orderConfig } from './config.js';
import { createOrder, orderProjections } from './create-order.js';

/** A payment provider of the sandbox, reached over HTTP. */
const sandboxProvider = z.strictObject({ baseUrl: z.url({ protocol: /^https?$/ }), secret: z.string().min(16), merchantId: z.string().min(1) });
const settings = z.looseObject({ sandboxPayment: sandboxProvider.optional() }).transform(({ sandboxPayment: provider, ...own }, context) => {
  const parsed = orderConfig.safeParse(own);
  if (parsed.success) return { provider, own: parsed.data };
  for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
  return z.NEVER;
});

runService({
  name: 'order', views: orderProjections, settings: () => settings,
  create: (ports, { provider, own }) => {
    // Sandbox providers cannot be composed into live.
    const isSandbox = ports.namespace === 'sandbox';
    return createOrder({ ...ports, paymentProviders: isSandbox && provider ? [sandboxPayment({ call: overHttp(provider.baseUrl), secret: provider.secret, merchantId: provider.merchantId })] : [] }, own);
  },
});
