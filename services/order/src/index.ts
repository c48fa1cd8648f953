export { orderErrors } from './api/errors.js';
export type { PaymentProvider } from './application/payment-provider.js';
export type { OrderPorts } from './application/ports.js';
export { orderConfig, type OrderConfig } from './config.js';
export { createOrder } from './create-order.js';
