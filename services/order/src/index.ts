export { type PspCall, sandboxPayment, type SandboxPaymentOptions, inProcess as sandboxPaymentInProcess, overHttp as sandboxPaymentOverHttp } from './adapters/sandbox-payment.js';
export { orderErrors } from './api/errors.js';
export type { PaymentProvider } from './application/payment-provider.js';
export type { OrderPorts } from './application/ports.js';
export { orderConfig, type OrderConfig } from './config.js';
export { createOrder, orderProjections } from './create-order.js';
export { type PspOptions, SandboxPsp, type SentNotice } from './sandbox-provider/psp.js';
export { postNotices, type SandboxPaymentServer, startSandboxPaymentServer } from './sandbox-provider/server.js';
