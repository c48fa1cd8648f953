// Writes dashboards/*.json (Grafana). `node deploy/observability/dashboards.mjs` writes, `--check` tells whether they are as written here.
// Only figures that exist are drawn; what does not exist yet is said on the board itself.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const HERE = import.meta.dirname;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const ORDERS = 'method="vouchsafe.order.v1.OrderService/PlaceOrder"';
const FAULTS = 'code=~"INTERNAL|UNAVAILABLE|NOT_READY|STORE_READ_ONLY|SPOOL_FULL|VAULT_FULL|DEADLINE_EXCEEDED"';
const GRID = 24;

const target = ([expr, legendFormat], i) => ({ datasource: DATASOURCE, editorMode: 'code', expr, legendFormat, range: true, refId: String.fromCharCode(65 + i) });
const graph = (title, unit, queries, options = {}) => ({
  type: 'timeseries', title, queries, unit, w: 12, h: 8, ...options,
  custom: { fillOpacity: 10, lineWidth: 1, showPoints: 'never', ...(options.stack && { stacking: { mode: 'normal', group: 'A' } }) },
});
const stat = (title, unit, query, thresholds = []) => ({ type: 'stat', title, unit, queries: [[query, '']], w: 4, h: 4, thresholds });
const text = (title, content) => ({ type: 'text', title, content, w: 24, h: 4 });
const quantiles = (labels, by = '') => [0.5, 0.95, 0.99].map((q) =>
  [`histogram_quantile(${q}, sum by (le${by}) (rate(vouchsafe_call_seconds_bucket{${labels}}[$__rate_interval])))`, `p${q * 100}${by && ' {{method}}'}`]);

const panelOf = ({ type, title, w, h, ...of }, id, at) => {
  const panel = { id, type, title, gridPos: { ...at, w, h } };
  if (type === 'text') return { ...panel, options: { mode: 'markdown', content: of.content } };
  const steps = [{ color: of.thresholds?.length ? 'green' : 'blue', value: null }, ...(of.thresholds ?? []).map(([value, color]) => ({ color, value }))];
  return {
    ...panel, datasource: DATASOURCE, targets: of.queries.map(target),
    fieldConfig: { defaults: { unit: of.unit, min: 0, thresholds: { mode: 'absolute', steps }, ...(of.custom && { custom: of.custom }) }, overrides: [] },
    options: type === 'stat'
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value', graphMode: 'area' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
};
const laidOut = (panels) => {
  let x = 0;
  let y = 0;
  let high = 0;
  return panels.map((panel, i) => {
    if (x + panel.w > GRID) [x, y, high] = [0, y + high, 0];
    const at = { x, y };
    [x, high] = [x + panel.w, Math.max(high, panel.h)];
    return panelOf(panel, i + 1, at);
  });
};
const choice = (name, label, query, multi = true) => ({
  name, label, type: 'query', datasource: DATASOURCE, query: { query, refId: name }, definition: query, refresh: 2, sort: 1, hide: 0,
  includeAll: multi, multi, allValue: '.*', current: multi ? { text: 'All', value: '$__all' } : {}, options: [],
});
const board = (uid, title, panels, variables = []) => ({
  uid, title, tags: ['vouchsafe'], schemaVersion: 39, version: 1, editable: true, graphTooltip: 1, timezone: 'browser', refresh: '30s', time: { from: 'now-1h', to: 'now' },
  annotations: { list: [] }, links: [{ type: 'dashboards', tags: ['vouchsafe'], title: 'Vouchsafe', asDropdown: true }],
  templating: { list: [
    { name: 'datasource', label: '数据源 / data source', type: 'datasource', query: 'prometheus', hide: 0, includeAll: false, multi: false, refresh: 1, options: [], current: {} },
    ...variables,
  ] },
  panels: laidOut(panels),
});

const overview = board('vouchsafe-overview', 'Vouchsafe · 总览 / overview', [
  stat('订单/秒 · orders/s', 'reqps', `sum(rate(vouchsafe_calls_total{${ORDERS},code="OK"}[$__rate_interval]))`),
  stat('下单 p99 · order p99', 's', `histogram_quantile(0.99, sum by (le) (rate(vouchsafe_call_seconds_bucket{${ORDERS}}[$__rate_interval])))`, [[0.3, 'orange'], [2, 'red']]),
  stat('自身失败 · own failures', 'percentunit', `(sum(rate(vouchsafe_calls_total{${FAULTS}}[$__rate_interval])) or vector(0)) / sum(rate(vouchsafe_calls_total[$__rate_interval]))`, [[0.001, 'orange'], [0.01, 'red']]),
  stat('视图滞后 · views behind', 's', 'max(vouchsafe_projection_lag_seconds)', [[5, 'orange'], [30, 'red']]),
  stat('搁置消息 · parked', 'short', 'sum(vouchsafe_parked_messages)', [[1, 'red']]),
  stat('日志只读 · log read-only', 'short', 'max(vouchsafe_log_short_of_space)', [[1, 'red']]),
  graph('调用/秒 按结果 · calls/s by outcome', 'reqps', [['sum by (code) (rate(vouchsafe_calls_total[$__rate_interval]))', '{{code}}']], { stack: true }),
  graph('下单耗时 · time to the answer, PlaceOrder', 's', quantiles(ORDERS)),
  graph('处理中、等待中、打开的流 · in flight, waiting, streams', 'short', [
    ['sum by (mode) (vouchsafe_calls_in_flight)', 'in flight {{mode}}'], ['sum by (mode) (vouchsafe_calls_waiting)', 'waiting {{mode}}'], ['sum by (mode) (vouchsafe_streams_open)', 'streams {{mode}}'],
  ]),
  graph('容量不足拒绝/秒 · shed/s', 'reqps', [['sum by (mode) (rate(vouchsafe_calls_shed[$__rate_interval]))', '{{mode}}']]),
  graph('日志：事件/秒 · log: events/s', 'short', [['sum by (mode) (rate(vouchsafe_log_events_appended[$__rate_interval]))', '{{mode}}']]),
  graph('每次刷盘的事件数 · events a flush', 'short', [['sum by (mode) (rate(vouchsafe_log_events_appended[$__rate_interval])) / sum by (mode) (rate(vouchsafe_log_flushes[$__rate_interval]))', '{{mode}}']]),
  graph('订单/秒 按终态与原因 · orders/s by end state and reason', 'reqps', [['sum by (mode, state, reason) (rate(vouchsafe_orders_ended_total[$__rate_interval]))', '{{mode}} {{state}} {{reason}}']], { stack: true }),
  graph('风控结论/秒 · verdicts/s', 'reqps', [['sum by (mode, decision) (rate(vouchsafe_verdicts_total[$__rate_interval]))', '{{mode}} {{decision}}']], { stack: true }),
  graph('结论的原因/秒 · reasons of verdicts/s', 'reqps', [['topk(10, sum by (decision, reason) (rate(vouchsafe_verdict_reasons_total[$__rate_interval])))', '{{decision}} {{reason}}']]),
  graph('可售库存最少的产品 · products with the least stock', 'short', [['bottomk(10, max by (mode, product) (vouchsafe_stock_units{state="free"}))', '{{mode}} {{product}}']]),
  graph('库存不足、冻结的产品 · products low on stock, held', 'short', [['max by (mode, kind) (vouchsafe_stock_products)', '{{mode}} {{kind}}']]),
  graph('刷盘 p50、p99 · flushes of the log', 's', [0.5, 0.99].map((q) => [`histogram_quantile(${q}, sum by (le, mode) (rate(vouchsafe_log_flush_seconds_bucket[$__rate_interval])))`, `p${q * 100} {{mode}}`])),
  graph('CPU', 'percentunit', [['rate(process_cpu_seconds_total[$__rate_interval])', '{{instance}}']]),
  graph('内存 · memory', 'bytes', [['process_resident_memory_bytes', 'rss {{instance}}'], ['nodejs_heap_used_bytes', 'heap {{instance}}'], ['nodejs_heap_limit_bytes', 'limit {{instance}}']]),
]);

const service = board('vouchsafe-service', 'Vouchsafe · 单个服务 / a service', [
  graph('调用/秒 · calls/s (R)', 'reqps', [['sum by (method) (rate(vouchsafe_calls_total{method=~"vouchsafe.$service.v1.*"}[$__rate_interval]))', '{{method}}']]),
  graph('非 OK/秒 按错误码 · not OK/s by code (E)', 'reqps', [['sum by (code) (rate(vouchsafe_calls_total{method=~"vouchsafe.$service.v1.*",code!="OK"}[$__rate_interval]))', '{{code}}']]),
  graph('耗时 · time to the answer (D)', 's', quantiles('method=~"vouchsafe.$service.v1.*"')),
  graph('p99 按方法 · p99 by method', 's', [['histogram_quantile(0.99, sum by (le, method) (rate(vouchsafe_call_seconds_bucket{method=~"vouchsafe.$service.v1.*"}[$__rate_interval])))', '{{method}}']]),
  graph('落后日志（秒） · behind the log, seconds', 's', [['vouchsafe_projection_lag_seconds{service=~"$service"}', '{{mode}} {{service}} {{part}}']]),
  graph('无法继续、停止的文档 · failing, halted documents', 'short', [
    ['vouchsafe_projection_failing{service=~"$service"}', 'failing {{mode}} {{service}} {{part}}'], ['vouchsafe_projection_documents_halted{service=~"$service"}', 'halted {{mode}} {{service}} {{part}}'],
  ]),
  graph('其他服务的调用/秒（分布式） · calls of other services/s (distributed)', 'reqps', [['sum by (method, code) (rate(vouchsafe_rpc_served_total{method=~"vouchsafe.$service.*"}[$__rate_interval]))', '{{method}} {{code}}']]),
  graph('其他服务的调用 p99（分布式） · calls of other services, p99', 's', [['histogram_quantile(0.99, sum by (le, method) (rate(vouchsafe_rpc_served_seconds_bucket{method=~"vouchsafe.$service.*"}[$__rate_interval])))', '{{method}}']]),
  graph('事件循环延迟 · event-loop delay', 's', [['nodejs_eventloop_delay_seconds', 'p{{quantile}} {{instance}}']]),
  graph('事件循环利用率 · event-loop utilisation', 'percentunit', [['nodejs_eventloop_utilization', '{{instance}}']]),
  graph('命令/秒 按结果 · commands/s by outcome', 'reqps', [['sum by (command, outcome) (rate(vouchsafe_commands_total{command=~"$service.*"}[$__rate_interval]))', '{{command}} {{outcome}}']]),
  graph('命令 p99 · p99 of commands', 's', [['histogram_quantile(0.99, sum by (le, command) (rate(vouchsafe_command_seconds_bucket{command=~"$service.*"}[$__rate_interval])))', '{{command}}']]),
  graph('处理中、等待中的命令 · commands in hand, waiting', 'short', [
    ['sum by (mode, command) (vouchsafe_commands_running{command=~"$service.*"})', '{{mode}} {{command}}'], ['sum by (mode, target) (vouchsafe_commands_waiting{target=~"$service"})', 'waiting {{mode}} {{target}}'],
  ]),
  graph('消费者滞后（分布式） · consumer lag, messages (distributed)', 'short', [['max by (mode, group) (vouchsafe_consumer_lag_messages)', '{{mode}} {{group}}']]),
  graph('总线问题、沉默的服务（分布式） · bus problems, silent services (distributed)', 'short', [['max by (mode, code) (vouchsafe_bus_problems)', '{{mode}} {{code}}'], ['max by (service) (vouchsafe_rpc_silent)', 'silent {{service}}']]),
  graph('监视中的时限 · watched deadlines', 'short', [['vouchsafe_deadlines_pending', '{{instance}}']]),
], [choice('service', '服务 / service', 'label_values(vouchsafe_projection_lag_seconds, service)')]);

const STEPS = [
  ['order', 'OrderService/PlaceOrder', '下单 · placed'], ['fulfillment', 'FulfillmentService/DiscloseSecrets', '取码 · disclosed'],
  ['redemption', 'RedemptionService/CheckVoucher', '查券 · checked'], ['redemption', 'RedemptionService/RedeemVoucher', '核销 · redeemed'], ['order', 'OrderService/CreateRefund', '退款 · refunded'],
];
const methodOf = ([context, method]) => `method="vouchsafe.${context}.v1.${method}"`;
const path_ = board('vouchsafe-order-path', 'Vouchsafe · 订单路径 / an order’s path', [
  ...STEPS.map((step) => stat(`${step[2]}/s`, 'reqps', `sum(rate(vouchsafe_calls_total{${methodOf(step)},code="OK"}[$__rate_interval]))`)),
  graph('各步 p99 · p99 by step', 's', STEPS.map((step) => [`histogram_quantile(0.99, sum by (le) (rate(vouchsafe_call_seconds_bucket{${methodOf(step)}}[$__rate_interval])))`, step[2]])),
  graph('各步未成/秒 · not OK/s by step', 'reqps', STEPS.map((step) => [`sum by (code) (rate(vouchsafe_calls_total{${methodOf(step)},code!="OK"}[$__rate_interval]))`, `${step[2]} {{code}}`])),
  graph('订单走过的服务落后多少 · how far the services it passes are behind', 's', [
    ['max by (service, part) (vouchsafe_projection_lag_seconds{service=~"order|inventory|risk|ledger|fulfillment|redemption"})', '{{service}} {{part}}'],
  ]),
  graph('停止的对象 · what stands still', 'short', [['sum by (mode) (vouchsafe_parked_targets)', 'targets {{mode}}'], ['sum by (mode) (vouchsafe_parked_messages)', 'messages {{mode}}']]),
  graph('各服务的命令 p99 · p99 of commands on the way', 's', [['histogram_quantile(0.99, sum by (le, command) (rate(vouchsafe_command_seconds_bucket{command=~"inventory.*|ledger.*|redemption.*|fulfillment.*"}[$__rate_interval])))', '{{command}}']]),
  graph('消费者滞后（分布式） · consumer lag, messages (distributed)', 'short', [['max by (mode, group) (vouchsafe_consumer_lag_messages)', '{{mode}} {{group}}']]),
  text('', '一笔订单的完整路径见追踪（`OTEL_EXPORTER_OTLP_ENDPOINT`）：从渠道的调用到记账是同一条 trace，命令在发出者之下，写入在命令之下；耗时直方图带有 trace 样例（exemplar）。\n\n'
    + 'The whole path of one order is in its trace (`OTEL_EXPORTER_OTLP_ENDPOINT`), from the channel’s call to the ledger entry: commands under who asked, appends under their commands; the histograms of times carry exemplars.'),
]);

const MONEY = [
  ['ledger', 'LedgerService/CreateDeposit', '入金 · deposits'], ['ledger', 'LedgerService/CreateAdjustment', '调账 · adjustments'], ['ledger', 'LedgerService/UpdateCreditLimit', '授信 · credit limits'],
  ['ledger', 'LedgerService/ClosePeriod', '关账 · periods closed'], ['order', 'PaymentService/NotifyPayment', '支付通知 · payment notices'], ['order', 'OrderService/CreateRefund', '退款 · refunds'],
];
const money = board('vouchsafe-money', 'Vouchsafe · 资金 / money', [
  ...MONEY.map((step) => stat(`${step[2]}（24 h）`, 'short', `sum(increase(vouchsafe_calls_total{${methodOf(step)},code="OK"}[24h]))`)),
  graph('资金类调用/秒 · calls about money/s', 'reqps', MONEY.map((step) => [`sum(rate(vouchsafe_calls_total{${methodOf(step)},code="OK"}[$__rate_interval]))`, step[2]])),
  graph('被拒绝 · refused, by code', 'reqps', MONEY.map((step) => [`sum by (code) (rate(vouchsafe_calls_total{${methodOf(step)},code!="OK"}[$__rate_interval]))`, `${step[2]} {{code}}`])),
  graph('账务视图滞后 · the ledger’s views behind', 's', [['max by (mode, part) (vouchsafe_projection_lag_seconds{service="ledger"})', '{{mode}} {{part}}']]),
  graph('搁置 · parked', 'short', [['sum by (mode) (vouchsafe_parked_messages)', '{{mode}}']]),
  stat('不平的账簿 · unbalanced books', 'short', 'max(vouchsafe_unbalanced_books)', [[1, 'red']]),
  stat('账簿 · books', 'short', 'max(vouchsafe_books)'),
  text('', '**账簿每分钟加总一次**，不平须为 0。逐张凭证的证明：每日以 `vouchsafe audit verify` 从日志进行；`vouchsafe export journal` 可由外部账务软件复核。\n\n'
    + '**The books are added up every minute**, and none may be unbalanced. `vouchsafe audit verify` proves every entry from the log, daily; `vouchsafe export journal` lets other bookkeeping software check it.'),
]);

const boards = { overview, service, 'order-path': path_, money };
const stale = [];
for (const [name, content] of Object.entries(boards)) {
  const file = path.join(HERE, 'dashboards', `${name}.json`);
  const json = `${JSON.stringify(content, null, 1)}\n`;
  if (!process.argv.includes('--check')) writeFileSync(file, json);
  else if (readFileSync(file, 'utf8') !== json) stale.push(name);
}
if (stale.length > 0) {
  console.error(`dashboards differ from dashboards.mjs: ${stale.join(', ')} (node deploy/observability/dashboards.mjs writes them)`);
  process.exit(1);
}
