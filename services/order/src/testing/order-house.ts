import type { MessageInitShape } from '@bufbuild/protobuf';
import { type FulfillmentIntegrationEvent, fulfillmentEvents } from '@vouchsafe/contracts';
import { plusMs } from '@vouchsafe/kernel';
import { SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { OrderService, type PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import { type CallContext, isRpcFailure } from '@vouchsafe/rpc';
import { type TestPorts, testPorts } from '@vouchsafe/testing';
import type { PaymentProvider } from '../application/payment-provider.js';
import { orderConfig } from '../config.js';
import { createOrder } from '../create-order.js';
import { Neighbours } from './neighbours.js';

export type PlaceInit = MessageInitShape<typeof PlaceOrderRequestSchema>;
export type OrderHouse = Awaited<ReturnType<typeof orderHouse>>;
export const CHANNEL = 'chn_shop';

/** The order service among its fake neighbours: a prepaid channel with 1,000.00, a consumer_pay channel, ten codes at 9.90. */
export const orderHouse = async (options: { readonly providers?: readonly PaymentProvider[]; readonly ports?: TestPorts; readonly neighbours?: Neighbours } = {}) => {
  const ports = options.ports ?? testPorts({ namespace: 'sandbox' });
  const around = options.neighbours ?? furnished(new Neighbours(ports));
  around.start(ports);
  const service = createOrder({ ...ports, paymentProviders: options.providers ?? [] }, orderConfig.parse({}));
  await service.start();
  const contextOf = (channelId: string, permissions: readonly string[] = []): CallContext => ({
    caller: { principalId: `pri_${channelId.slice(4)}`, kind: 'channel', namespace: ports.namespace, channelId, permissions: new Set(permissions) },
    requestId: 'req_1', deadline: plusMs(ports.clock.now(), 60_000), locale: 'en',
  });
  return {
    ports, around, service, contextOf,
    place: (init: PlaceInit, channelId = CHANNEL) =>
      ports.clock.until(ports.rpc.call(OrderService.method.placeOrder, { waitMs: 1000, ...init }, contextOf(channelId))),
    /** The code of the failure a call ends with. */
    failing: async (call: Promise<unknown>): Promise<string> => {
      const error: unknown = await call.then(() => undefined, (thrown: unknown) => thrown);
      return isRpcFailure(error) ? error.code : `no failure: ${String(error)}`;
    },
    get: (orderId: string, channelId = CHANNEL) => ports.rpc.call(OrderService.method.getOrder, { orderId }, contextOf(channelId)),
    /** What fulfillment would publish. */
    hear: async (event: FulfillmentIntegrationEvent, pub = 1) => {
      const { type, data } = fulfillmentEvents.encode(event);
      await ports.bus.publish([{
        id: `evt-${event.deliveryId}-${pub}`, context: 'fulfillment', type, stream: `delivery-${event.deliveryId}`, pub, data, occurredAt: ports.clock.now(),
        recordedAt: ports.clock.now(), correlation: event.orderId, causation: 'x', principal: 'svc_fulfillment',
      }]);
    },
    events: async (stream: string) => (await ports.store.readStream(stream, { max: 100 })).map(({ type }) => type.split('.')[1]!),
    close: async () => {
      await service.stop();
      await ports.close();
    },
  };
};

export const furnished = (around: Neighbours): Neighbours => {
  around.products.set('prd_code', { unitMicros: 9_900_000n });
  around.free.set('prd_code', 10);
  around.channels.set(CHANNEL, { settlement: SettlementMode.PREPAID, path: ['chn_root', CHANNEL] });
  around.channels.set('chn_pay', { settlement: SettlementMode.CONSUMER_PAY });
  around.channels.set('chn_root', { settlement: SettlementMode.PREPAID });
  around.balances.set('acc_prepaid.shop.CNY', 100_000n);
  return around;
};
