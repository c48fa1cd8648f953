import { instant } from '@vouchsafe/kernel';
import { type Log, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { Replies } from './replies.js';
import { ed25519Keys, generateCommandKeys, signed } from './signing.js';
import { type Incoming, writeReply } from './wire.js';

const TOPIC = 'vouchsafe.live.order.replies';
const [order, ledger] = generateCommandKeys(['order', 'ledger']).map((material) => ed25519Keys(material));

/** Replies of the service `order`, and what is logged of silence. */
const replies = () => {
  const clock = simulatedClock(instant(0));
  const told: object[] = [];
  const log: Log = { ...silentLog, warn: (fields: object) => void told.push(fields) };
  return { clock, told, all: new Replies({ instance: 'order-0', keys: order!, clock, log }) };
};
const answer = (ask: string): Incoming => {
  const reply = signed(ledger!, TOPIC, writeReply('live', 'ledger', ask, { id: ask, at: instant(0), reply: { outcome: { commandId: 'c1', ok: true, result: {} } } }));
  return { topic: TOPIC, partition: 0, offset: '0', ...reply };
};

describe('answers that are awaited', () => {
  it('come to whoever asked', async () => {
    const { all, told } = replies();
    const reply = all.ask('ledger', 1_000, async (ask) => all.take(answer(ask)));
    expect(await reply).toEqual({ outcome: { commandId: 'c1', ok: true, result: {} } });
    expect(told).toEqual([]);
  });

  it('and do not come are told of, once a second: whom they were asked of, and when anything was last read', async () => {
    const { all, clock, told } = replies();
    const silent = (target: string) => expect(all.ask(target, 5_000, async () => {})).rejects.toMatchObject({ code: 'SILENT' });
    await clock.until(Promise.all([silent('ledger'), silent('ledger')]));
    await all.ask('ledger', 1_000, async (ask) => all.take(answer(ask)));
    await clock.until(silent('inventory'));
    const fields = { deadlineMs: 5_000, awaited: expect.any(Number) as number };
    expect(told).toEqual([
      { ...fields, target: 'ledger', silent: 1, sinceReadMs: 'nothing was ever read' }, { ...fields, target: 'inventory', silent: 2, sinceReadMs: expect.any(Number) as number },
    ]);
  });
});
