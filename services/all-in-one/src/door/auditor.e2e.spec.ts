import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { AccessDeniedError, type AllStreamRecordedEvent, END, EventStoreDBClient, jsonEvent, NO_STREAM, type RecordedEvent, streamNameFilter } from '@eventstore/db-client';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { selfSigned } from '@vouchsafe/testing';
import { parseConfig } from '../config.js';
import { type EsdbPort, openEsdb } from '../esdb.js';
import { codesOf, Premises } from './testing/premises.js';

/**
 * What an auditor brings: EventStoreDB's official client, and the description of an event's canonical bytes from the event store's
 * README, followed here by hand. Nothing of the platform's own code takes part in the proof.
 */
const leafOf = (event: RecordedEvent): string => {
  const said = event.metadata as Record<string, unknown>;
  const i64 = (time: unknown): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(Date.parse(String(time))));
    return bytes;
  };
  const u32 = (value: unknown): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(value ?? 0));
    return bytes;
  };
  const text = (value: unknown): Buffer => {
    const bytes = Buffer.from(String(value ?? ''));
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const data = Buffer.from(JSON.stringify(event.data));
  return createHash('sha256').update(Buffer.concat([
    Buffer.from([0, 1, (said.trace === undefined ? 0 : 1) | (said.pub === undefined ? 0 : 2)]),
    Buffer.from(event.id.replaceAll('-', ''), 'hex'), u32(event.revision), u32(said.pub), u32(said.epoch), i64(said.recordedAt), i64(said.occurredAt),
    text(event.streamId), text(event.type), text(said.$correlationId), text(said.$causationId), text(said.principal), text(said.trace), u32(data.length), data,
  ])).digest('hex');
};
const claimed = (event: RecordedEvent): unknown => (event.metadata as Record<string, unknown>).leaf;

describe('an auditor with EventStoreDB’s official client and nothing of ours', () => {
  let premises: Premises;
  const clients: EventStoreDBClient[] = [];
  const clientTo = (url: string): EventStoreDBClient => {
    const client = EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  };
  const replay = async (client: EventStoreDBClient): Promise<AllStreamRecordedEvent[]> => {
    const events: AllStreamRecordedEvent[] = [];
    for await (const { event } of client.readAll()) if (event) events.push(event);
    return events;
  };
  let n = 0;
  const buy = async (): Promise<string> => {
    const { orderId, state } = await premises.order('chn_dist', { number: `A-${++n}`, lines: [{ productId: 'prd_video-month', quantity: 2 }] });
    expect(state).toBe(OrderState.COMPLETED);
    return orderId;
  };

  beforeAll(async () => {
    premises = await Premises.open({ env: { VOUCHSAFE_ESDB_PORT: '0' } });
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('AUD', 20));
    await premises.hire('ada', { kind: PrincipalKind.AUDITOR, roles: ['auditor'] });
  }, 30_000);
  afterAll(async () => {
    for (const client of clients) await client.dispose();
    await premises.close();
  });

  it('replays the whole history of a running platform and proves every event of it', async () => {
    for (let i = 0; i < 3; i++) await buy();
    const { store } = premises.running();
    await store.durable(store.head());
    const events = await replay(clientTo(premises.platform.esdb!));
    const ours = await premises.events();
    expect(events.length).toBeGreaterThan(50);
    expect(events.map(({ streamId, revision }) => `${streamId}@${revision}`).slice(0, ours.length)).toEqual(ours.map(({ stream, revision }) => `${stream}@${revision}`));
    expect(events.filter((event) => leafOf(event) !== claimed(event))).toEqual([]);
    // What the platform says of its own log, by its own API, is what was replayed.
    const { lastLeaf } = await premises.wire.get(AuditService.method.getIntegrity, {}, premises.as('ada'));
    expect((await replay(clients.at(-1)!)).map(claimed)).toContain(lastLeaf);
    // And a proof can fail.
    const [first] = events;
    expect(leafOf({ ...first!, data: { changed: true } } as RecordedEvent)).not.toBe(claimed(first!));
  });

  it('reads one order’s stream, and sees the next one come', async () => {
    const orderId = await buy();
    const client = clientTo(premises.platform.esdb!);
    const types: string[] = [];
    for await (const { event } of client.readStream(`order-${orderId}`)) types.push(event!.type.replace(/\.v\d+$/, ''));
    expect(types).toEqual(['order.OrderPlaced', 'order.OrderConfirmed', 'order.OrderCompleted']);
    const subscription = client.subscribeToAll({ fromPosition: END, filter: streamNameFilter({ prefixes: ['order-'] }) });
    const next = (async () => {
      for await (const { event } of subscription) return event!.streamId;
      return '';
    })();
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    expect(`order-${await buy()}`).toBe(await next);
  });

  describe('over TLS', () => {
    let port: EsdbPort;
    let ca: string;
    beforeAll(async () => {
      const { cert, key } = selfSigned();
      ca = path.join(premises.folder, 'tls.pem');
      writeFileSync(ca, cert);
      writeFileSync(path.join(premises.folder, 'tls.key'), key);
      const parsed = parseConfig({ VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_ESDB_PORT: '0', VOUCHSAFE_TLS_CERT: ca, VOUCHSAFE_TLS_KEY: path.join(premises.folder, 'tls.key') });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      port = (await openEsdb(parsed.config, premises.platform.namespaces, systemClock(), silentLog))!;
    });
    afterAll(() => port.close());
    const as = (who: string | undefined): EventStoreDBClient =>
      clientTo(`${port.url.replace('://', who === undefined ? '://' : `://${who}:${premises.keys.get(who)}@`)}&tlsCAFile=${ca}`);

    it('is let in with the key of a principal who may read the audit', async () => {
      expect((await replay(as('ada'))).length).toBeGreaterThan(50);
    });

    it('changes nothing', async () => {
      const event = jsonEvent({ type: 'order.OrderPlaced.v1', data: {} });
      for (const who of ['ada', 'admin']) {
        await expect(as(who).appendToStream('order-forged', event, { expectedRevision: NO_STREAM })).rejects.toBeInstanceOf(AccessDeniedError);
        await expect(as(who).deleteStream('order-forged')).rejects.toBeInstanceOf(AccessDeniedError);
      }
      expect(await premises.running().store.revisionOf('order-forged')).toBe(-1);
    });

    it.each(['chn_dist', 'trm_lake-1', undefined])('is not let in as %s', async (who) => {
      await expect(replay(as(who))).rejects.toBeInstanceOf(AccessDeniedError);
    });
  });
});
