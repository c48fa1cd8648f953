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
  'redemption.VoucherFrozen': ['冻结', 'frozen'],
  'redemption.VoucherUnfrozen': ['解冻', 'unfrozen'],
  'redemption.VoucherExtended': ['延期', 'validity extended'],
  'redemption.VoucherLookedUp': ['凭码查询', 'looked up by its code'],
  'redemption.DisclosureRefused': ['取码被拒（告警）', 'disclosure refused (alarm)'],
  'redemption.UnitsLapsed': ['权益到期终止', 'right lapsed'],
  'redemption.RightLapsed': ['到期收入确认', 'breakage'],
  'fulfillment.TopUpStarted': ['直充开始', 'top-up started'],
  'fulfillment.AttemptRecorded': ['向供应商提交（先记录）', 'attempt recorded, then sent'],
  'fulfillment.AttemptAnswered': ['供应商应答', 'provider answered'],
  'fulfillment.TopUpEscalated': ['上报人工', 'escalated to a person'],
  'fulfillment.TopUpResolved': ['人工裁定', 'resolved by a person'],
  'fulfillment.TopUpEnded': ['直充结束', 'top-up ended'],
};

const inWords = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** Title of a wire type such as `order.OrderPlaced.v1`. */
export const titleOf = (type: string): Title => {
  const [context = '', name = type] = type.split('.');
  const known = TITLES[`${context}.${name}`];
  return known ? { zh: known[0], en: known[1] } : { zh: inWords(name), en: inWords(name) };
};
