/** An event's name for people. Types without an entry show their own name in words. */
export type Title = { readonly zh: string; readonly en: string };

const TITLES: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  'order.OrderPlaced': ['下单', 'order placed'],
  'order.OrderConfirmed': ['订单确认（不可撤销）', 'order confirmed (the pivot)'],
  'order.OrderCompleted': ['订单完成', 'order completed'],
  'order.OrderRejected': ['订单被拒', 'order rejected'],
  'order.OrderCancelled': ['订单取消', 'order cancelled'],
  'risk.VerdictGiven': ['风控结论', 'risk verdict'],
  'inventory.VouchersReserved': ['库存预占', 'stock reserved'],
  'inventory.ReservationCommitted': ['预占转为售出', 'reservation committed'],
  'inventory.VouchersCommitted': ['预占转为售出', 'reservation committed'],
  'inventory.ReservationReleased': ['预占释放', 'reservation released'],
  'inventory.UnitsReturned': ['退回库存', 'units returned to stock'],
  'inventory.BatchCompleted': ['批次入库', 'batch complete'],
  'ledger.FundsHeld': ['资金冻结', 'funds held'],
  'ledger.HoldCaptured': ['冻结资金入账', 'hold captured: entry booked'],
  'ledger.FundsCaptured': ['冻结资金入账', 'hold captured: entry booked'],
  'ledger.HoldReleased': ['资金解冻', 'hold released'],
  'ledger.EntryPosted': ['分录入账', 'entry booked'],
  'redemption.GrantActivated': ['权益发放（交付）', 'grant activated: delivered'],
  'redemption.UnitsDisclosed': ['卡密展示', 'secret disclosed'],
  'redemption.VoucherRedeemed': ['核销', 'redeemed'],
  'redemption.RedemptionReversed': ['核销冲正', 'redemption reversed'],
  'redemption.UnitsVoided': ['作废', 'voided'],
  'redemption.UnitsFrozen': ['冻结', 'frozen'],
  'redemption.UnitsUnfrozen': ['解冻', 'unfrozen'],
};

const inWords = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** Title of a wire type such as `order.OrderPlaced.v1`. */
export const titleOf = (type: string): Title => {
  const [context = '', name = type] = type.split('.');
  const known = TITLES[`${context}.${name}`];
  return known ? { zh: known[0], en: known[1] } : { zh: inWords(name), en: inWords(name) };
};
