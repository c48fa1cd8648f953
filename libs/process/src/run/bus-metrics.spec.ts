import { instant } from '@vouchsafe/kernel';
import { clockTimers, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { createMetrics } from '@vouchsafe/telemetry';
import { measureConnections } from './bus-metrics.js';

it('tells how far consumers are behind, what is wrong with the bus, and who is silent', async () => {
  const clock = simulatedClock(instant(0));
  const metrics = createMetrics();
  let behind = 7;
  const stop = measureConnections(metrics, {
    namespace: 'live', rpc: { silent: () => ['risk'] },
    bus: { lag: async () => ({ 'order.stock': behind }), health: () => ({ ready: false, problems: [{ code: 'TOPIC_MISSING', message: 'a' }, { code: 'TOPIC_MISSING', message: 'b' }], forged: 2 }) },
  }, clockTimers(clock), silentLog);
  await clock.advance(1);
  behind = 0;
  expect(metrics.text()).toContain('vouchsafe_consumer_lag_messages{mode="live",group="order.stock"} 7\n');
  await clock.advance(5_000);
  const text = metrics.text();
  expect(text).toContain('vouchsafe_consumer_lag_messages{mode="live",group="order.stock"} 0\n');
  expect(text).toContain('vouchsafe_bus_problems{mode="live",code="TOPIC_MISSING"} 1\n');
  expect(text).toContain('vouchsafe_forged_messages_total 2\n');
  expect(text).toContain('vouchsafe_rpc_silent{service="risk"} 1\n');
  await stop();
});
