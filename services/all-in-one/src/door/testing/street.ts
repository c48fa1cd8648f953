import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, type Order, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { codesOf, type Premises } from './premises.js';

/** What one party has, by the names of the fields that say so. */
export type Belongings = Readonly<Record<string, readonly string[]>>;
const { placeOrder, createRefund, getRefund, getOrder } = OrderService.method;

/** Orders, money, vouchers and deliveries of every channel, and who works here: whatever one could be curious about. */
export const liveliness = async (premises: Premises): Promise<Readonly<Record<string, Belongings>>> => {
  const { wire } = premises;
  await premises.furnish();
  await premises.stock('prd_video-month', 'sup_video', codesOf('STREET', 1_500));
  const batch = await premises.mint('prd_coffee', 40);
  const channels: Record<string, Belongings> = {};
  let sequence = 710_000;
  for (const [channel, listing] of [['chn_corp', 'lst_corp-coffee'], ['chn_dist', 'lst_dist-coffee'], ['chn_dist.shop', 'lst_shop-coffee']] as const) {
    channels[channel] = await trade(premises, channel, listing, ++sequence);
  }
  const unpaid = await premises.order('chn_app', { number: 'X-app-1', lines: [{ productId: 'prd_video-month', quantity: 1 }] });
  const paying = await premises.until(() => wire.get(getOrder, { orderId: unpaid.orderId }, premises.as('chn_app')), ({ state }) => state === OrderState.AWAITING_PAYMENT);
  channels.chn_app = { orderId: [unpaid.orderId], number: ['X-app-1'], paymentId: [paying.payment!.paymentId], channelId: ['chn_app'], id: ['chn_app', 'plt_app', 'lst_app-coffee'] };
  channels.platform = await backOffice(premises, batch);
  return channels;
};

const trade = async (premises: Premises, channel: string, listing: string, sequence: number): Promise<Belongings> => {
  const { wire } = premises;
  const me = premises.as(channel);
  const buy = (number: string, productId: string, quantity: number, accountFields: Record<string, string> = {}): Promise<Order> =>
    wire.get(placeOrder, { number, lines: [{ productId, quantity, accountFields }], buyer: { ref: `buyer-${channel}` }, waitMs: 500 }, me);
  const codes = await buy(`X-${channel}-1`, 'prd_video-month', 3);
  const coffee = await buy(`X-${channel}-2`, 'prd_coffee', 2);
  const topUp = await buy(`X-${channel}-3`, 'prd_phone-10', 1, { phone: `138001${String(sequence).slice(-3)}22` });
  const [cup, other] = await premises.disclose(channel, coffee.orderId);
  await premises.disclose(channel, codes.orderId);
  const redeemed = await wire.get(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: cup!.code }, sequence: BigInt(sequence), scene: 'counter' }, premises.as('trm_lake-1'));
  const { refundId } = await wire.get(createRefund, { orderId: codes.orderId, requestId: 'X-r', lines: [{ lineId: codes.lines[0]!.lineId, quantity: 1 }] }, me);
  await premises.until(() => wire.get(getRefund, { refundId }, me), ({ state }) => state === RefundState.COMPLETED);
  const delivery = await wire.get(FulfillmentService.method.getDelivery, { orderId: topUp.orderId, lineId: topUp.lines[0]!.lineId }, me);
  const { accounts } = await wire.get(LedgerService.method.listAccounts, { filter: `channel_id = "${channel}"` }, premises.as('admin'));
  const accountId = accounts.map((account) => account.accountId);
  const entries = await Promise.all(accountId.map((id) => wire.get(LedgerService.method.listEntries, { filter: `account_id = "${id}"`, pageSize: 3 }, premises.as('admin'))));
  const { quoteId } = await wire.get(CatalogService.method.quotePrice, { lines: [{ productId: 'prd_video-month', quantity: 1 }], hold: true }, me);
  return {
    orderId: [coffee.orderId, codes.orderId, topUp.orderId], number: [`X-${channel}-1`, `X-${channel}-2`], voucherId: [cup!.voucherId, other!.voucherId], voucherIds: [other!.voucherId],
    refundId: [refundId], redemptionId: [redeemed.redemption!.redemptionId], deliveryId: [delivery.deliveryId], accountId, entryId: entries.flatMap((page) => page.entries.map(({ entryId }) => entryId)).slice(0, 2),
    channelId: [channel], quoteId: [quoteId], code: [other!.code], sequence: [String(sequence)], id: [channel, listing, `plt_${channel.slice(channel.search(/[._]\w+$/) + 1)}`],
  };
};

const backOffice = async (premises: Premises, batchId: string): Promise<Belongings> => {
  const { wire } = premises;
  const admin = premises.as('admin');
  const { imports } = await wire.get(InventoryService.method.listImports, {}, admin);
  const { principals } = await wire.get(AccessService.method.listPrincipals, {}, admin);
  const { principalId } = principals[0]!;
  const { credentials } = await wire.get(AccessService.method.listCredentials, { principalId }, admin);
  return {
    batchId: [batchId], importId: [imports[0]!.importId], principalId: [principalId], credentialId: [credentials[0]!.credentialId], terminalId: ['trm_lake-1'],
    productId: ['prd_coffee-ten'], supplierId: ['sup_video'], storeId: ['sto_lake'], id: ['sup_video', 'sto_lake', 'trm_lake-1', 'prd_coffee-ten', 'bok_main'],
  };
};
