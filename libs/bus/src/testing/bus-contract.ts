import type { Soon } from '@vouchsafe/event-store';
import { Fault, instant } from '@vouchsafe/kernel';
import type { Bus, CommandMessage, EventMessage, Outcome } from '../port.js';

/** A bus on the ground of one adapter. `until` lets its clock run until `work` has settled. */
export type BusUnderTest = {
  readonly bus: Bus;
  until<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
  /**
   * For a bus that keeps what was published for every group: settles when each has handled or parked it. There `publish`
   * settles when the events are safely kept, and a slow group holds nobody back.
   */
  readonly handled?: () => Promise<void>;
};

const aCommand = (more: Partial<CommandMessage> = {}): CommandMessage => ({
  id: 'cmd-1', target: 'inventory', key: 'pool-1', namespace: 'live', body: { name: 'Reserve', data: { quantity: 2 } },
  principal: 'pri_x', correlation: 'ord_1', sentAt: instant(1_767_225_600_000), ...more,
});
export const anEvent = (stream: string, pub: number, more: Partial<EventMessage> = {}): EventMessage => ({
  id: `${stream}/${pub}`, context: 'order', type: 'order.OrderEnded.v1', stream, pub, data: { pub },
  occurredAt: instant(1_767_225_600_000), recordedAt: instant(1_767_225_600_001), correlation: 'ord_1', causation: 'cmd-1', principal: 'pri_x', ...more,
});
const yes = ({ id }: CommandMessage, result: unknown = {}): Outcome => ({ commandId: id, ok: true, result: result as never });
const gate = (): { readonly passed: Promise<void>; open(): void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
};

/** What every adapter of the {@link Bus} port must keep: at least once, in order per key, parked where it cannot be handled. */
export const describeBusContract = (name: string, make: () => Promise<BusUnderTest>): void => {
  describe(`bus contract: ${name}`, () => {
    let under: BusUnderTest;
    let bus: Bus;
    beforeEach(async () => {
      under = await make();
      bus = under.bus;
    });
    afterEach(() => under.close());
    const until = <T>(work: Soon<T>): Promise<T> => under.until(Promise.resolve(work));
    /** Published, and handled or parked by each group. */
    const published = async (events: readonly EventMessage[]): Promise<void> => {
      await until(bus.publish(events));
      await under.handled?.();
    };

    describe('a command', () => {
      it('reaches its one handler as a frozen copy and brings the outcome back', async () => {
        let got: CommandMessage | undefined;
        bus.serve('inventory', async (message) => {
          got = message;
          return yes(message, { left: 3 });
        });
        await bus.start();
        const body = { name: 'Reserve', data: { quantity: 2, list: [1, { deep: '券' }], absent: undefined as never } };
        const command = aCommand({ body });
        expect(await until(bus.ask(command, 30_000))).toEqual({ commandId: 'cmd-1', ok: true, result: { left: 3 } });
        body.data.quantity = 99;
        expect(got).toEqual({ ...command, body: { name: 'Reserve', data: { quantity: 2, list: [1, { deep: '券' }] } } });
        expect(Object.isFrozen(got) && Object.isFrozen((got?.body as typeof body).data.list[1])).toBe(true);
      });

      it('is refused as data, not as a failure', async () => {
        bus.serve('inventory', async ({ id }) => ({ commandId: id, ok: false, code: 'OUT_OF_STOCK', details: { free: '0' } }));
        await bus.start();
        expect(await until(bus.ask(aCommand(), 30_000))).toEqual({ commandId: 'cmd-1', ok: false, code: 'OUT_OF_STOCK', details: { free: '0' } });
      });

      it('waits for the one before it of the same key, not for other keys', async () => {
        const first = gate();
        const handled: string[] = [];
        bus.serve('inventory', async (message) => {
          if (message.id === 'a1') await first.passed;
          handled.push(message.id);
          return yes(message);
        });
        await bus.start();
        const slow = ['a1', 'a2', 'a3'].map(async (id) => bus.ask(aCommand({ id, key: 'a' }), 30_000));
        await until(bus.ask(aCommand({ id: 'b1', key: 'b' }), 30_000));
        expect(handled).toEqual(['b1']);
        first.open();
        await until(Promise.all(slow));
        expect(handled).toEqual(['b1', 'a1', 'a2', 'a3']);
      });

      it('that nobody answers in time is silence, and asked again under its id it gets its outcome', async () => {
        const never = gate();
        let asked = 0;
        bus.serve('inventory', async (message) => {
          if (++asked === 1) await never.passed;
          return yes(message, { asked: 'once' });
        });
        await bus.start();
        await expect(until(bus.ask(aCommand(), 200))).rejects.toMatchObject({ code: 'SILENT', retryable: true });
        never.open();
        expect(await until(bus.ask(aCommand(), 30_000))).toMatchObject({ commandId: 'cmd-1', result: { asked: 'once' } });
        expect(await until(bus.ask(aCommand(), 30_000))).toMatchObject({ commandId: 'cmd-1', result: { asked: 'once' } });
        await expect(until(bus.ask(aCommand({ target: 'nobody' }), 200))).rejects.toMatchObject({ code: 'SILENT' });
      });

      it('whose handling breaks ends as a fault, never as the handler\'s own error', async () => {
        bus.serve('inventory', async ({ key }) => {
          throw key === 'full' ? new Fault('STORE_READ_ONLY', 'disk full') : new Error('a bug');
        });
        await bus.start();
        await expect(until(bus.ask(aCommand({ key: 'full' }), 200))).rejects.toMatchObject({ name: 'Fault', retryable: true });
        await expect(until(bus.ask(aCommand({ id: 'cmd-2' }), 200))).rejects.toMatchObject({ name: 'Fault', retryable: true });
      });

      it('that breaks its handler time and again is parked alone, and goes on when a person says so', async () => {
        let broken = true;
        bus.serve('inventory', async (message) => {
          if (broken && message.id === 'bad') throw new Error('a bug');
          return yes(message);
        });
        await bus.start();
        const bad = aCommand({ id: 'bad' });
        for (let i = 0; i < 20; i++) await until(bus.ask(bad, 30_000)).catch(() => {});
        await expect(until(bus.ask(bad, 30_000))).rejects.toMatchObject({ code: 'COMMAND_PARKED' });
        expect(await until(bus.ask(aCommand({ id: 'good' }), 30_000))).toMatchObject({ ok: true });
        const [parked] = await bus.parking.list({ limit: 10 });
        expect(parked).toMatchObject({ group: 'commands', target: 'bad', message: { id: 'bad' }, error: expect.stringContaining('a bug') });
        expect(await until(bus.parking.retry(parked!.id))).toMatchObject({ handled: 0, error: expect.stringContaining('a bug') });
        broken = false;
        expect(await until(bus.parking.retry(parked!.id))).toEqual({ handled: 1 });
        expect(await bus.parking.list({ limit: 10 })).toEqual([]);
        expect(await until(bus.ask(bad, 30_000))).toMatchObject({ commandId: 'bad', ok: true });
      });

      it('that is no JSON is not sent', async () => {
        bus.serve('inventory', async (message) => yes(message));
        await bus.start();
        for (const wrong of [5n, Number.NaN, new Date(0), new Map(), () => 1]) {
          await expect(until(bus.ask(aCommand({ body: { wrong: wrong as never } }), 200))).rejects.toThrow();
        }
      });
    });

    describe('events', () => {
      it('come to every group that wants their context, in order per stream, frozen', async () => {
        const got: Record<string, EventMessage[]> = { ledger: [], insight: [], deaf: [] };
        bus.subscribe('ledger', ['order', 'inventory'], async (event) => void got['ledger']!.push(event));
        bus.subscribe('insight', ['order'], async (event) => void got['insight']!.push(event));
        bus.subscribe('deaf', ['risk'], async (event) => void got['deaf']!.push(event));
        await bus.start();
        const events = [1, 2, 3, 4].flatMap((pub) => [anEvent('order-a', pub), anEvent('order-b', pub)]);
        await published(events);
        for (const group of ['ledger', 'insight']) {
          for (const stream of ['order-a', 'order-b']) {
            expect(got[group]!.filter((event) => event.stream === stream)).toEqual(events.filter((event) => event.stream === stream));
          }
          expect(got[group]!.every((event) => Object.isFrozen(event) && Object.isFrozen(event.data))).toBe(true);
        }
        expect(got['deaf']).toEqual([]);
      });

      it('wait until the bus has started', async () => {
        const got: number[] = [];
        const early = bus.publish([anEvent('order-a', 1)]);
        bus.subscribe('late', ['order'], async ({ pub }) => void got.push(pub));
        await bus.start();
        await until(early);
        await under.handled?.();
        expect(got).toEqual([1]);
      });

      it('hold their publisher back as long as a group has not handled them, or wait for a slow group and hold nobody back', async () => {
        const slow = gate();
        bus.subscribe('slow', ['order'], () => slow.passed);
        await bus.start();
        let settled = false;
        const publishing = bus.publish([anEvent('order-a', 1)]).then(() => (settled = true));
        if (under.handled) await until(publishing);
        else await until(new Promise<void>((resolve) => setImmediate(resolve)));
        expect(settled).toBe(under.handled !== undefined);
        slow.open();
        await until(publishing);
        await under.handled?.();
      });

      it('are tried again when handling fails', async () => {
        let failures = 2;
        const got: number[] = [];
        bus.subscribe('fragile', ['order'], async ({ pub }) => {
          if (failures-- > 0) throw new Error('just now');
          got.push(pub);
        });
        await bus.start();
        await published([anEvent('order-a', 1), anEvent('order-a', 2)]);
        expect(got).toEqual([1, 2]);
        expect(await bus.parking.list({ limit: 1 })).toEqual([]);
      });

      it('that cannot be handled are parked beside their error: their stream stands still for that group, nothing else', async () => {
        let poisoned = true;
        const got: Record<string, string[]> = { fragile: [], other: [] };
        bus.subscribe('fragile', ['order'], async ({ stream, pub }) => {
          if (poisoned && stream === 'order-a' && pub === 2) throw new Error('poison');
          got['fragile']!.push(`${stream}/${pub}`);
        });
        bus.subscribe('other', ['order'], async ({ stream, pub }) => void got['other']!.push(`${stream}/${pub}`));
        await bus.start();
        await published([1, 2, 3].flatMap((pub) => [anEvent('order-a', pub), anEvent('order-b', pub)]));
        await published([anEvent('order-a', 4)]);
        expect(got['fragile']!.toSorted()).toEqual(['order-a/1', 'order-b/1', 'order-b/2', 'order-b/3']);
        expect(got['other']).toHaveLength(7);
        const parked = await bus.parking.list({ group: 'fragile', limit: 10 });
        expect(parked.map(({ target, behind, message }) => [target, behind ?? false, (message as EventMessage).pub])).toEqual([['order-a', false, 2], ['order-a', true, 3], ['order-a', true, 4]]);
        expect(parked[0]?.error).toContain('poison');
        expect(await until(bus.parking.retry(parked[0]!.id))).toMatchObject({ handled: 0, error: expect.stringContaining('poison') });
        poisoned = false;
        bus.servePublished('order', async (stream, fromPub) => (fromPub <= 5 ? [anEvent(stream, 5)] : []));
        expect(await until(bus.parking.retry(parked[0]!.id))).toEqual({ handled: 4 });
        expect(got['fragile']!.filter((event) => event.startsWith('order-a'))).toEqual(['order-a/1', 'order-a/2', 'order-a/3', 'order-a/4', 'order-a/5']);
        expect(await bus.parking.list({ limit: 10 })).toEqual([]);
      });

      it('that a person drops count as handled, and their stream goes on', async () => {
        const [got, skipped]: [number[], number[]] = [[], []];
        bus.subscribe('fragile', ['order'], async ({ pub }) => {
          if (pub === 1) throw new Error('poison');
          got.push(pub);
        }, async ({ pub }) => void skipped.push(pub));
        bus.servePublished('order', async () => []);
        await bus.start();
        await published([anEvent('order-a', 1), anEvent('order-a', 2)]);
        const [first, second] = await bus.parking.list({ limit: 10 });
        await expect(until(bus.parking.drop(second!.id))).rejects.toMatchObject({ code: 'NOT_THE_FIRST' });
        expect(await until(bus.parking.drop(first!.id))).toEqual({ handled: 1 });
        expect([skipped, got]).toEqual([[1], [2]]);
        await expect(until(bus.parking.drop(first!.id))).rejects.toMatchObject({ code: 'NOT_PARKED' });
      });

      it('are to be had again from their owner', async () => {
        bus.servePublished('order', async (stream, fromPub, max) => [1, 2, 3, 4].filter((pub) => pub >= fromPub).slice(0, max).map((pub) => anEvent(stream, pub)));
        await bus.start();
        expect((await until(bus.readPublished('order', 'order-a', 2, 2))).map(({ pub }) => pub)).toEqual([2, 3]);
        await expect(until(bus.readPublished('risk', 'case-1', 1, 2))).rejects.toMatchObject({ code: 'OWNER_UNAVAILABLE' });
      });
    });

    it('lets what runs finish when it stops, and takes nothing more', async () => {
      const slow = gate();
      bus.serve('inventory', async (message) => {
        await slow.passed;
        return yes(message);
      });
      await bus.start();
      const asked = bus.ask(aCommand(), 30_000);
      const stopped = bus.stop();
      slow.open();
      expect(await until(asked)).toMatchObject({ ok: true });
      await until(stopped);
      await expect(until(bus.ask(aCommand({ id: 'late' }), 200))).rejects.toMatchObject({ name: 'Fault' });
      await expect(until(bus.publish([anEvent('order-a', 1)]))).rejects.toMatchObject({ name: 'Fault' });
    });
  });
};
