import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import OffsetManager = require('kafkajs/src/consumer/offsetManager');
import RequestQueue = require('kafkajs/src/network/requestQueue');
import { mendCommits } from './commits.js';
import { unlz4 } from './lz4.js';
import { unsnappy } from './snappy.js';
import { trackedSockets } from './sockets.js';
import { mendTimer } from './timer.js';

describe('the mends of kafkajs', () => {
  it('an idle connection arms no timer', () => {
    mendTimer();
    const queue = Object.assign(Object.create(RequestQueue.prototype) as RequestQueue, { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null });
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('offsets of partitions that were taken away are not committed', async () => {
    mendCommits();
    mendCommits();
    const sent: unknown[] = [];
    const coordinator = { isConnected: () => true, offsetCommit: async (payload: unknown) => void sent.push(payload) };
    type Options = ConstructorParameters<typeof OffsetManager>[0];
    const manager = new OffsetManager({
      cluster: { committedOffsets: () => ({}) }, coordinator, memberAssignment: { events: [0] }, autoCommit: false, autoCommitInterval: null,
      autoCommitThreshold: null, topicConfigurations: {}, instrumentationEmitter: { emit: () => {} }, groupId: 'group', generationId: 2, memberId: 'member',
    } satisfies Options);
    await manager.commitOffsets({ topics: [{ topic: 'events', partitions: [{ partition: 0, offset: '5' }, { partition: 1, offset: '7' }] }, { topic: 'gone', partitions: [{ partition: 0, offset: '1' }] }] });
    await manager.commitOffsets({ topics: [{ topic: 'gone', partitions: [{ partition: 0, offset: '1' }] }] });
    expect(sent).toEqual([expect.objectContaining({ topics: [{ topic: 'events', partitions: [{ partition: 0, offset: '5' }] }] })]);
  });

  it('what other clients packed with snappy can be read, raw and in Java’s frames', () => {
    // "券" as a literal, then a run of five "ab" as an overlapping copy
    const raw = Buffer.from([13, (3 - 1) << 2, 0xe5, 0x88, 0xb8, (2 - 1) << 2, 0x61, 0x62, ((8 - 1) << 2) | 2, 2, 0]);
    expect(unsnappy(raw).toString()).toBe('券ababababab');
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const length = Buffer.alloc(4);
    length.writeInt32BE(raw.length);
    expect(unsnappy(Buffer.concat([header, length, raw, length, raw])).toString()).toBe('券ababababab券ababababab');
    expect(() => unsnappy(raw.subarray(0, 7))).toThrow('snappy');
  });

  it('what other clients packed with lz4 can be read, blocks packed and plain', () => {
    const block = Buffer.from([0x24, 0x61, 0x62, 2, 0, 0x10, 0x21]); // "ab", eight more of it, then "!" alone
    const frame = (size: number, body: Buffer): Buffer => {
      const head = Buffer.alloc(11);
      head.writeUInt32LE(0x184d2204);
      head.set([0x60, 0x40, 0x82], 4);
      head.writeUInt32LE(size, 7);
      return Buffer.concat([head, body, Buffer.alloc(4)]);
    };
    expect(unlz4(frame(block.length, block)).toString()).toBe('ababababab!');
    expect(unlz4(frame(0x80000000 + 3, Buffer.from('券'))).toString()).toBe('券');
    expect(() => unlz4(Buffer.from('not a frame'))).toThrow('lz4');
  });

  it('connections to a silent broker are cut', async () => {
    const accepted: Socket[] = [];
    const server: Server = createServer((socket) => void accepted.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const sockets = trackedSockets();
    const socket = sockets.factory({ host: '127.0.0.1', port, ssl: undefined as never, onConnect: () => {} });
    await once(socket, 'connect');
    const cut = once(socket, 'error');
    sockets.cut('127.0.0.1:1');
    expect(socket.destroyed).toBe(false);
    sockets.cut(`127.0.0.1:${port}`);
    expect(await cut).toEqual([expect.objectContaining({ message: 'the broker is silent' })]);
    for (const one of accepted) one.destroy();
    server.close();
  });
});
