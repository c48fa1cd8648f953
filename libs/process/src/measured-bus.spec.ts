import { type CommandMessage, inProcessBus, type Outcome } from '@vouchsafe/bus';
import { simulatedClock } from '@vouchsafe/runtime';
import { createMetrics } from '@vouchsafe/telemetry';
import { instant } from '@vouchsafe/kernel';
import { busMeasures } from './measured-bus.js';

const command = (id: string, name = 'HoldFunds'): CommandMessage => ({
  id, target: 'ledger', key: id, namespace: 'sandbox', body: { name, data: {} }, principal: 'pri_x', correlation: 'ord_1', sentAt: instant(0), trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

describe('a measured bus', () => {
  const setUp = (handler: (message: CommandMessage) => Outcome | Promise<Outcome>) => {
    const clock = simulatedClock(instant(0));
    const metrics = createMetrics();
    const bus = busMeasures(metrics, clock)(inProcessBus(clock), 'sandbox');
    bus.serve('ledger', handler);
    const figures = (): readonly string[] => metrics.text().split('\n').filter((line) => /^vouchsafe_commands?_(total|seconds_count|running|waiting)/.test(line));
    return { bus, figures, metrics };
  };

  it('counts commands by outcome, at once or later, and those that failed', async () => {
    const outcomes: (() => Outcome | Promise<Outcome>)[] = [
      () => ({ commandId: 'a', ok: true, result: {} }), async () => ({ commandId: 'b', ok: false, code: 'BALANCE_SHORT', details: {} }),
      () => { throw new Error('bug'); }, async () => { throw new Error('bug'); },
    ];
    const { bus, figures, metrics } = setUp(() => outcomes.shift()!());
    expect(await bus.ask(command('a'), 1_000)).toMatchObject({ ok: true });
    expect(await bus.ask(command('b'), 1_000)).toMatchObject({ ok: false, code: 'BALANCE_SHORT' });
    for (const id of ['c', 'd']) await expect(bus.ask(command(id), 1_000)).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
    expect(figures()).toEqual([
      'vouchsafe_command_seconds_count{mode="sandbox",command="ledger.HoldFunds"} 4',
      'vouchsafe_commands_total{mode="sandbox",command="ledger.HoldFunds",outcome="ok"} 1',
      'vouchsafe_commands_total{mode="sandbox",command="ledger.HoldFunds",outcome="BALANCE_SHORT"} 1',
      'vouchsafe_commands_total{mode="sandbox",command="ledger.HoldFunds",outcome="failed"} 2',
      'vouchsafe_commands_running{mode="sandbox",command="ledger.HoldFunds"} 0',
      'vouchsafe_commands_waiting{mode="sandbox",target="ledger"} 0',
    ]);
    expect(metrics.text('openmetrics')).toContain('trace_id="0af7651916cd43dd8448eb211c80319c"');
  });

  it('tells how many are in hand, and how many wait behind them', async () => {
    const ends: (() => void)[] = [];
    const { bus, figures } = setUp((message) => new Promise((resolve) => ends.push(() => resolve({ commandId: message.id, ok: true, result: {} }))));
    const asked = [1, 2, 3].map(() => bus.ask(command('same'), 1_000));
    expect(figures()).toEqual(expect.arrayContaining(['vouchsafe_commands_running{mode="sandbox",command="ledger.HoldFunds"} 1', 'vouchsafe_commands_waiting{mode="sandbox",target="ledger"} 2']));
    for (const one of asked) {
      while (ends.length === 0) await Promise.resolve();
      ends.shift()!();
      await one;
    }
    expect(figures()).toContain('vouchsafe_commands_running{mode="sandbox",command="ledger.HoldFunds"} 0');
  });

  it('takes no name for a label that is none', async () => {
    const { bus, figures } = setUp(() => ({ commandId: 'x', ok: false, code: 'COMMAND_UNKNOWN', details: {} }));
    await bus.ask(command('x', 'AB12-CD34-EF56'), 1_000);
    expect(figures()).toContain('vouchsafe_commands_total{mode="sandbox",command="ledger.unknown",outcome="COMMAND_UNKNOWN"} 1');
    expect(figures().join()).not.toContain('AB12');
  });
});
