import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import type { CallContext } from '@vouchsafe/rpc';
import { testPorts } from '@vouchsafe/testing';
import { inProcess, sandboxPayment } from '../adapters/sandbox-payment.js';
import { SandboxPsp, type SentNotice } from '../sandbox-provider/psp.js';
import { orderHouse, type PlaceInit } from './order-house.js';

export type PayingHouse = Awaited<ReturnType<typeof payingHouse>>;

/** The order house with the sandbox payment provider in the same process; `notices` are those it sent. */
export const payingHouse = async () => {
  const ports = testPorts({ namespace: 'sandbox' });
  const notices: SentNotice[] = [];
  const answers: string[] = [];
  const notify = async ({ body, timestamp, signature }: SentNotice): Promise<void> => {
    notices.push({ body, timestamp, signature });
    const call = ports.rpc.call(PaymentService.method.notifyPayment, { provider: 'sandbox', body: Buffer.from(body), timestamp, signature }, context());
    answers.push(await call.then(({ applied }) => (applied ? 'applied' : 'known'), (error: { code?: string }) => error.code ?? 'error'));
    await call;
  };
  const psp = new SandboxPsp({ clock: ports.clock, secret: 'shh', merchantId: 'mch_1', notify, log: ports.log });
  const house = await orderHouse({ ports, providers: [sandboxPayment({ call: inProcess(psp), secret: 'shh', merchantId: 'mch_1' })] });
  const context = (): CallContext => house.contextOf('chn_pay');
  const ticking = ports.timers.every(100, async () => psp.tick(), () => {});
  return {
    ...house, psp, notices, answers, notify,
    buy: (number: string, init: Partial<PlaceInit> = {}) => house.place({ number, lines: [{ productId: 'prd_code', quantity: 1 }], ...init } as PlaceInit, 'chn_pay'),
    find: (orderId: string) => house.get(orderId, 'chn_pay'),
    close: async () => {
      await ticking();
      await house.close();
    },
  };
};
