import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AccessDeniedError, EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { anAppend } from '@vouchsafe/event-store/testing';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { selfSigned } from '@vouchsafe/testing';
import { type House, openHouse } from './testing/stores.js';
import type { Authenticate, DoorOptions } from './index.js';

const { cert, key } = selfSigned();
const tls = { cert: Buffer.from(cert), key: Buffer.from(key) };
const proposed = jsonEvent({ type: 'test.Happened.v1', data: {} });

describe('who may do what at the door', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'esdb-door-'));
  const ca = path.join(folder, 'ca.pem');
  writeFileSync(ca, cert);
  afterAll(() => rmSync(folder, { recursive: true }));

  let house: House;
  const clients: EventStoreDBClient[] = [];
  const allowed = new Set(['auditor:secret', 'writer:secret']);
  const authenticate: Authenticate = async ({ user, password }) => (allowed.has(`${user}:${password}`) ? { name: user, may: user === 'writer' ? 'append' : 'read' } : undefined);
  const open = async (options: Partial<DoorOptions>): Promise<void> => {
    house = await openHouse({ authenticate, anonymous: undefined, ...options });
    await house.store.append(anAppend('order-1', -1, 'one'));
  };
  const urlAs = (credentials: string): string => `esdb://${credentials && `${credentials}@`}127.0.0.1:${house.door.port}?tls=true&tlsCAFile=${ca}`;
  const as = (credentials: string): EventStoreDBClient => {
    const client = EventStoreDBClient.connectionString(urlAs(credentials));
    clients.push(client);
    return client;
  };
  const read = async (client: EventStoreDBClient): Promise<number> => {
    let count = 0;
    for await (const _ of client.readStream('order-1')) count++;
    return count;
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose();
    await house.close();
  });

  it('an auditor reads with user and password over TLS, and changes nothing', async () => {
    await open({ tls });
    expect(await read(as('auditor:secret'))).toBe(1);
    await expect(as('auditor:secret').appendToStream('order-2', proposed, { expectedRevision: NO_STREAM })).rejects.toBeInstanceOf(AccessDeniedError);
    await expect(as('auditor:secret').deleteStream('order-1')).rejects.toBeInstanceOf(AccessDeniedError);
    expect(await house.store.revisionOf('order-2')).toBe(-1);
  });

  it('nobody is let in without credentials, or with wrong ones', async () => {
    await open({ tls });
    for (const credentials of ['', 'auditor:wrong', 'nobody:secret']) {
      await expect(read(as(credentials))).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(as(credentials).appendToStream('order-2', proposed, { expectedRevision: NO_STREAM })).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(as(credentials).deleteStream('order-1')).rejects.toBeInstanceOf(AccessDeniedError);
    }
    const subscription = as('auditor:wrong').subscribeToAll();
    expect(await new Promise((resolve) => subscription.on('error', resolve))).toBeInstanceOf(AccessDeniedError);
  });

  it('a writer appends where the door is opened for it, and nowhere else', async () => {
    await open({ tls });
    expect(await as('writer:secret').appendToStream('order-2', proposed, { expectedRevision: NO_STREAM })).toMatchObject({ success: true });
    expect((await house.store.readStream('order-2', { max: 1 }))[0]).toMatchObject({ principal: 'writer' });
    await house.close();
    await open({ tls, append: false });
    await expect(as('writer:secret').appendToStream('order-2', proposed, { expectedRevision: NO_STREAM })).rejects.toBeInstanceOf(AccessDeniedError);
  });

  it('our own store works over TLS with credentials, and tells wrong ones as what they are', async () => {
    await open({ tls });
    const options = { clock: systemClock(), log: silentLog, connectMs: 2_000 };
    const store = await openEsdbStore({ ...options, connectionString: urlAs('writer:secret') });
    expect(await store.append(anAppend('order-1', 0, 'two'))).toMatchObject({ ok: true, revision: 1 });
    expect(await store.readStream('order-1', { max: 5 })).toHaveLength(2);
    await store.close();
    for (const credentials of ['writer:wrong', 'auditor:secret']) {
      await expect(openEsdbStore({ ...options, connectionString: urlAs(credentials) })).rejects.toMatchObject({ code: 'STORE_ACCESS_DENIED', retryable: false });
    }
  });

  it('a subscription ends when its credentials are revoked', async () => {
    await open({ tls, recheckMs: 50 });
    const subscription = as('auditor:secret').subscribeToAll();
    const seen = new Promise((resolve) => subscription.once('data', resolve));
    const ended = new Promise((resolve) => subscription.on('error', resolve));
    await seen;
    allowed.delete('auditor:secret');
    expect(await ended).toBeInstanceOf(AccessDeniedError);
    allowed.add('auditor:secret');
  });

  it('appending to live, reading live without credentials, and listening beyond loopback without TLS cannot be composed', async () => {
    await open({ tls });
    for (const wrong of [{ namespace: 'live', append: true }, { namespace: 'live', append: false, anonymous: { name: 'x', may: 'read' } }, { host: '0.0.0.0' }] as const)
      await expect(openHouse({ authenticate, ...wrong })).rejects.toMatchObject({ name: 'Bug' });
    await expect(openHouse({ port: house.door.port })).rejects.toMatchObject({ code: 'DOOR_UNAVAILABLE' });
  });
});
