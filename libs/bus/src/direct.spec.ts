import { big, int, optional, record, text } from '@vouchsafe/codec';
import { commandContract } from '@vouchsafe/contracts';
import { instant } from '@vouchsafe/kernel';
import { systemClock } from '@vouchsafe/runtime';
import { ask, on, serveCommands } from './command-contract.js';
import { inProcessBus } from './in-process-bus.js';

const hold = commandContract({
  target: 'ledger', name: 'Hold', command: record({ account: text(), minor: big, note: optional(text()) }), result: record({ left: big, times: int }),
  keyOf: ({ account }) => account, rejections: ['FUNDS_SHORT'],
});
const envelope = { commandId: 'cmd-1', correlation: 'ord_1', principal: 'pri_1', at: instant(1_767_225_600_000) };
const command = { account: 'acc_1', minor: 12n, note: '券' };

describe.each([['as JSON', false], ['as they are', true]])('typed commands that pass %s', (_, direct) => {
  const given = () => inProcessBus(systemClock(), { direct });

  it('bring the same to the handler and the same back', async () => {
    const bus = given();
    let got: unknown;
    serveCommands(bus, 'ledger', [on(hold, async (asked, by) => {
      got = [asked, by];
      return { ok: true, result: { left: asked.minor + 1n, times: 1 } };
    })]);
    expect(await ask(bus, 'live', hold, command, envelope, 1000)).toEqual({ ok: true, result: { left: 13n, times: 1 } });
    expect(got).toEqual([command, envelope]);
    expect(((got as unknown[])[0] === command)).toBe(direct);
    await bus.stop();
  });

  it('bring what is there at once back at once', async () => {
    const bus = given();
    serveCommands(bus, 'ledger', [on(hold, (asked) => ({ ok: true, result: { left: asked.minor, times: 1 } }))]);
    const answer = ask(bus, 'live', hold, command, envelope, 1000);
    expect(answer).toEqual({ ok: true, result: { left: 12n, times: 1 } });
    await expect(bus.ask({ id: 'x', target: 'nobody', key: '', namespace: 'live', body: {}, principal: '', correlation: '', sentAt: envelope.at }, 1)).rejects.toMatchObject({ code: 'SILENT' });
    await bus.stop();
  });

  it('are handled in the trace of whoever passed them on', async () => {
    const bus = given();
    const traces: unknown[] = [];
    serveCommands(bus, 'ledger', [on(hold, (_, { trace }) => {
      traces.push(trace);
      return { ok: true, result: { left: 0n, times: 0 } };
    })]);
    const passing = Object.assign(Object.create(bus) as typeof bus, {
      ask: (message: Parameters<typeof bus.ask>[0], ms: number) => {
        const { id, target, key, namespace, principal, correlation, sentAt, direct } = message;
        return bus.ask({ id, target, key, namespace, principal, correlation, sentAt, trace: 'theirs', body: message.body, ...(direct && { direct }) }, ms);
      },
    });
    await ask(passing, 'live', hold, command, { ...envelope, trace: 'mine' }, 1000);
    await ask(bus, 'live', hold, command, { ...envelope, trace: 'mine' }, 1000);
    expect(traces).toEqual(['theirs', 'mine']);
    await bus.stop();
  });

  it('are refused alike, also by a service that does not know them', async () => {
    const bus = given();
    serveCommands(bus, 'ledger', [on(hold, async () => ({ ok: false, code: 'FUNDS_SHORT', details: { left: '3' } }))]);
    expect(await ask(bus, 'live', hold, command, envelope, 1000)).toEqual({ commandId: 'cmd-1', ok: false, code: 'FUNDS_SHORT', details: { left: '3' } });
    expect(await ask(bus, 'live', { ...hold, name: 'Other' }, command, envelope, 1000)).toMatchObject({ ok: false, code: 'COMMAND_UNKNOWN' });
    await bus.stop();
  });

  it('are parked as JSON, and can be retried from it', async () => {
    const bus = given();
    let broken = true;
    serveCommands(bus, 'ledger', [on(hold, async ({ minor }) => {
      if (broken) throw new TypeError('a bug');
      return { ok: true, result: { left: minor, times: 1 } };
    })]);
    await bus.start();
    for (let i = 0; i < 3; i++) await expect(ask(bus, 'live', hold, command, envelope, 1000)).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
    const [parked] = await bus.parking.list({ limit: 10 });
    expect(JSON.parse(JSON.stringify(parked!.message))).toMatchObject({ id: 'cmd-1', target: 'ledger', body: { name: 'Hold', data: { account: 'acc_1', minor: '12', note: '券' } } });
    expect(parked!.message).not.toHaveProperty('direct');
    broken = false;
    expect(await bus.parking.retry(parked!.id)).toEqual({ handled: 1 });
    await bus.stop();
  });
});
