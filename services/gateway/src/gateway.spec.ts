import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Client } from '@grpc/grpc-js';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { type CallContext, type Handlers, readGrpcStatus, RpcFailure } from '@vouchsafe/rpc';
import { type AccessIntegrationEvent, accessEvents } from '@vouchsafe/contracts';
import { callGrpc, callRaw, grpcClient, keyOf, runGateway, type Running } from './testing/running-gateway.js';
import { gatewayConfig } from './config.js';

const ADMIN = keyOf('live', 1);
const CLERK = keyOf('live', 2);
const SLOW = keyOf('live', 3);
const NARROW = keyOf('live', 4);
const SANDBOX = keyOf('sandbox', 1);
const keys = {
  [ADMIN]: { principalId: 'pri_1', permissions: new Set(['access:read', 'access:write', 'audit:read', 'approval:decide']) },
  [CLERK]: { principalId: 'pri_2', permissions: new Set<string>() },
  [SLOW]: { principalId: 'pri_3', permissions: new Set(['access:read']), concurrency: 1 },
  [NARROW]: { principalId: 'pri_4', permissions: new Set(['access:read']), ratePerSecond: 1 },
  [SANDBOX]: { principalId: 'pri_5', permissions: new Set(['access:read', 'access:write']) },
};
const { method } = AccessService;
let running: Running;
let lastMetrics = '';
let client: Client;
let seen: { request: unknown; context: CallContext }[] = [];
let hold: Promise<void> | undefined;

const answer = (reply: object) => async (request: unknown, context: CallContext) => {
  seen.push({ request, context });
  await hold;
  return reply;
};
const handlers = (mode: string): Handlers<typeof AccessService> => {
  const all: Record<string, unknown> = Object.fromEntries(AccessService.methods.map(({ localName }) => [localName, answer({})]));
  all.getCaller = async (_request: unknown, { caller }: CallContext) => ({ principalId: caller.principalId, mode });
  all.getPrincipal = async ({ principalId }: { principalId: string }, context: CallContext) => {
    seen.push({ request: principalId, context });
    await hold;
    if (principalId === 'pri_bug') throw new TypeError('secret detail of ours');
    if (principalId === 'pri_none') throw new RpcFailure('missing', 'PRINCIPAL_UNKNOWN');
    return { principalId };
  };
  return all as Handlers<typeof AccessService>;
};
const audit: Handlers<typeof AuditService> = {
  getTimeline: async () => ({}), getIntegrity: async () => ({ events: 9007199254740993n }),
  readEvents: async function* ({ cursor, follow, limit }, { signal }) {
    for (let i = Number(cursor || 0) + 1; i <= 3; i++) yield { eventId: `e${i}`, cursor: String(i), revision: BigInt(i) };
    if (limit === 9) throw new RpcFailure('unavailable', 'UNAVAILABLE');
    if (follow) await new Promise((resolve) => signal!.addEventListener('abort', resolve, { once: true }));
  },
};

beforeAll(async () => {
  running = await runGateway({
    services: [AccessService, AuditService], keys, modes: ['live', 'sandbox'],
    config: { bodyMaxBytes: 4_096, keepAliveMs: 100, defaultDeadlineMs: 400, maxDeadlineMs: 1_000, admission: { live: { inFlight: 4, inFlightPerKey: 3, waiting: 2, waitingPerKey: 1, streams: 3, streamsPerKey: 2 } } },
    serve: (rpc, mode) => {
      rpc.serve(AccessService, handlers(mode));
      rpc.serve(AuditService, audit);
    },
  });
  client = grpcClient(running.grpc);
});
afterAll(async () => {
  client.close();
  await running.stop();
});
beforeEach(() => {
  seen = [];
  hold = undefined;
  running.floor.wait = async () => {};
});

type Reply = { readonly status: number; readonly headers: Headers; readonly text: string; readonly json: Record<string, unknown> };
const http = async (verb: string, path: string, { key = ADMIN, headers = {}, body }: { key?: string; headers?: Record<string, string>; body?: string | Buffer } = {}): Promise<Reply> => {
  const response = await fetch(`${running.http}${path}`, {
    method: verb, headers: { ...(key !== '' && { authorization: `Bearer ${key}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, ...(body !== undefined && { body: body as never }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && !/ndjson/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const gates = () => {
  let open = (): void => {};
  hold = new Promise((resolve) => { open = resolve; });
  return { open };
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('over gRPC', () => {
  it('a call reaches its service with who calls, and its answer comes back', async () => {
    expect(await callGrpc(client, method.getPrincipal, { principalId: 'pri_9' }, bearer(ADMIN))).toMatchObject({ principalId: 'pri_9' });
    expect(seen[0]!.context.caller).toMatchObject({ principalId: 'pri_1', kind: 'person', namespace: 'live' });
    expect(seen[0]!.context.requestId).toMatch(/^req_[0-9a-f]{12}/);
  });

  it('services know every call by an id of its own, though a caller names all of its calls alike', async () => {
    for (let i = 0; i < 2; i++) {
      await callGrpc(client, method.getPrincipal, { principalId: 'pri_9' }, { ...bearer(ADMIN), 'x-request-id': 'always-this' });
      expect((await http('GET', '/v1/principals/pri_9', { headers: { 'x-request-id': 'always-this' } })).headers.get('x-request-id')).toBe('always-this');
    }
    const ids = seen.map(({ context }) => context.requestId);
    expect([new Set(ids).size, ids.includes('always-this')]).toEqual([4, false]);
  });

  it('the key’s text chooses the mode', async () => {
    expect(await callGrpc(client, method.getCaller, {}, bearer(ADMIN))).toMatchObject({ mode: 'live' });
    expect(await callGrpc(client, method.getCaller, {}, bearer(SANDBOX))).toMatchObject({ mode: 'sandbox' });
  });

  it.each([
    ['', 16, 'CREDENTIAL_MISSING'], ['Bearer nonsense', 16, 'CREDENTIAL_INVALID'], [`Bearer ${keyOf('live', 99)}`, 16, 'CREDENTIAL_INVALID'],
  ])('with %p nobody comes in', async (authorization, code, reason) => {
    const error = await callGrpc(client, method.getPrincipal, {}, authorization === '' ? {} : { authorization }).catch((failed: unknown) => failed);
    expect(error).toMatchObject({ code });
    expect(readGrpcStatus(error as never).code).toBe(reason);
  });

  it('a caller without the permission is told which', async () => {
    const error = await callGrpc(client, method.getPrincipal, {}, { ...bearer(CLERK), 'x-request-id': 'mine-1', 'accept-language': 'en' }).catch((failed: unknown) => failed);
    expect(error).toMatchObject({ code: 7, details: expect.stringMatching(/^PERMISSION_MISSING: You may not do this/) });
    expect(readGrpcStatus(error as never)).toEqual({ code: 'PERMISSION_MISSING', details: { permission: 'access:read', requestId: 'mine-1' }, fields: [] });
    expect(seen).toEqual([]);
  });

  it('a field nobody knows is refused by its number, and broken bytes as such', async () => {
    const alien = await callRaw(client, method.getPrincipal, Uint8Array.of(0xf8, 0x01, 0x05), bearer(ADMIN)).catch((failed: unknown) => failed);
    expect(readGrpcStatus(alien as never)).toMatchObject({ code: 'FIELD_UNKNOWN', fields: [{ pointer: '/#31' }] });
    const broken = await callRaw(client, method.getPrincipal, Uint8Array.of(0x0a, 0x7f), bearer(ADMIN)).catch((failed: unknown) => failed);
    expect(readGrpcStatus(broken as never).code).toBe('REQUEST_MALFORMED');
  });

  it('a bug tells nothing but ids', async () => {
    const error = await callGrpc(client, method.getPrincipal, { principalId: 'pri_bug' }, bearer(ADMIN)).catch((failed: unknown) => failed);
    expect(error).toMatchObject({ code: 13 });
    expect(JSON.stringify(error)).not.toContain('secret detail');
  });

  it('the deadline is told to the service and kept', async () => {
    const { open } = gates();
    const error = await callGrpc(client, method.getPrincipal, {}, bearer(ADMIN), 60_000).catch((failed: unknown) => failed);
    expect(error).toMatchObject({ code: 4 });
    expect(readGrpcStatus(error as never).code).toBe('DEADLINE_EXCEEDED');
    expect(seen[0]!.context.signal?.aborted).toBe(true);
    open();
  });

  it('a stream brings all its messages', async () => {
    const stream = client.makeServerStreamRequest('/vouchsafe.audit.v1.AuditService/ReadEvents', (value: Buffer) => value, (bytes: Buffer) => bytes.length, Buffer.alloc(0), (await import('./testing/running-gateway.js')).metadataOf(bearer(ADMIN)), { deadline: Date.now() + 5_000 });
    const got: number[] = [];
    for await (const size of stream) got.push(size as number);
    expect(got).toHaveLength(3);
  });

  it('health and reflection answer', async () => {
    const health = await new Promise((resolve, reject) => client.makeUnaryRequest('/grpc.health.v1.Health/Check', (value: Buffer) => value, (bytes: Buffer) => [...bytes], Buffer.alloc(0), (error, value) => (error ? reject(error) : resolve(value))));
    expect(health).toEqual([8, 1]);
    const stream = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', (value: Buffer) => value, (bytes: Buffer) => bytes.toString('latin1'));
    stream.write(Buffer.from([0x3a, 0x00])); // list_services
    stream.end();
    let text = '';
    for await (const chunk of stream) text += chunk as string;
    expect(text).toContain('vouchsafe.access.v1.AccessService');
    expect(text).not.toContain('IdentityService');
  });

  it('an internal method is nowhere', async () => {
    const error = await new Promise((resolve) => client.makeUnaryRequest('/vouchsafe.access.internal.v1.IdentityService/Reveal', (value: Buffer) => value, (bytes: Buffer) => bytes, Buffer.alloc(0), (failed) => resolve(failed)));
    expect(error).toMatchObject({ code: 12 });
  });
});

describe('over HTTP', () => {
  it('the same method answers ProtoJSON: defaults emitted, camelCase, never cached', async () => {
    const { status, headers, json } = await http('GET', '/v1/principals/pri_9', { headers: { 'x-request-id': 'mine-2' } });
    expect([status, headers.get('cache-control'), headers.get('x-request-id'), headers.get('ratelimit-limit')]).toEqual([200, 'no-store', 'mine-2', '200000']);
    expect(json).toEqual({ principalId: 'pri_9', kind: 'PRINCIPAL_KIND_UNSPECIFIED', displayName: '', channelId: '', terminalId: '', roles: [], permissions: [], disabled: false });
  });

  it('64-bit numbers are text', async () => expect((await http('GET', '/v1/integrity')).json).toMatchObject({ events: '9007199254740993' }));

  it('path, query and body make one request, in both writings of a name', async () => {
    await http('GET', '/v1/principals?page_size=3&filter=kind%20%3D%20PERSON');
    await http('POST', '/v1/principals', { body: JSON.stringify({ display_name: 'A', kind: 'PRINCIPAL_KIND_PERSON', roles: ['x'] }), headers: { 'idempotency-key': 'k1' } });
    await http('POST', '/v1/principals/pri_9:assignRole', { body: '{"role":"finance"}' });
    await http('POST', '/v1/principals/pri_9:disable');
    expect(seen.map(({ request }) => request)).toMatchObject([
      { pageSize: 3, filter: 'kind = PERSON' }, { displayName: 'A', kind: 1, roles: ['x'], requestId: 'k1' }, { principalId: 'pri_9', role: 'finance' }, { principalId: 'pri_9' },
    ]);
  });

  it('every wrong field is named by its pointer, in the reader’s language and both', async () => {
    const body = JSON.stringify({ principalId: 'pri_8', kind: 'BEARER', ratePerSecond: 'fast', ipAllow: ['10.0.0.0/8', 7], expireTime: 'tomorrow', colour: 1, concurrency: 1e12 });
    const { status, json, headers } = await http('POST', '/v1/principals/pri_8/credentials', { body, headers: { 'accept-language': 'en' } });
    expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect((json.errors as { pointer: string; code: string }[]).map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/kind', 'FIELD_INVALID'], ['/ratePerSecond', 'FIELD_INVALID'], ['/ipAllow/1', 'FIELD_INVALID'], ['/expireTime', 'FIELD_INVALID'], ['/colour', 'FIELD_UNKNOWN'], ['/concurrency', 'FIELD_INVALID'],
    ]);
    expect(json).toMatchObject({ code: 'FIELD_INVALID', title: 'A field has a wrong value', messages: { zh: { title: '字段值不合要求' } } });
    expect(seen).toEqual([]);
  });

  it.each<[string, string, string, number, string, object]>([
    ['an unknown path', 'GET', '/v1/nothing', 404, 'ROUTE_UNKNOWN', {}],
    ['a path beyond the API', 'GET', '/nothing', 404, 'ROUTE_UNKNOWN', {}],
    ['another HTTP method', 'DELETE', '/v1/principals/pri_1', 405, 'METHOD_NOT_ALLOWED', {}],
    ['no JSON', 'POST', '/v1/principals', 400, 'REQUEST_MALFORMED', { body: '{"displayName": ' }],
    ['no UTF-8', 'POST', '/v1/principals', 400, 'REQUEST_MALFORMED', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
    ['another type', 'POST', '/v1/principals', 415, 'MEDIA_TYPE_UNSUPPORTED', { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a huge body', 'POST', '/v1/principals', 413, 'BODY_TOO_LARGE', { body: JSON.stringify({ displayName: 'x'.repeat(5_000) }) }],
    ['a list instead of an object', 'POST', '/v1/principals', 400, 'FIELD_INVALID', { body: '[]' }],
    ['a polluted object', 'POST', '/v1/principals', 400, 'FIELD_UNKNOWN', { body: '{"__proto__":{"displayName":"x"}}' }],
    ['a value that differs from the path', 'POST', '/v1/principals/pri_1:assignRole', 400, 'FIELD_CONFLICT', { body: '{"principalId":"pri_2"}' }],
    ['an unknown query field', 'GET', '/v1/principals?colour=red', 400, 'FIELD_UNKNOWN', {}],
    ['a query field twice', 'GET', '/v1/principals?pageSize=1&pageSize=2', 400, 'FIELD_CONFLICT', {}],
    ['a broken escape', 'GET', '/v1/principals/%E4%ZZ', 400, 'REQUEST_MALFORMED', {}],
    ['no key', 'GET', '/v1/principals', 401, 'CREDENTIAL_MISSING', { key: '' }],
    ['no permission', 'GET', '/v1/principals', 403, 'PERMISSION_MISSING', { key: CLERK }],
    ['a missing thing', 'GET', '/v1/principals/pri_none', 404, 'PRINCIPAL_UNKNOWN', {}],
    ['a bug', 'GET', '/v1/principals/pri_bug', 500, 'INTERNAL', {}],
  ])('%s is told in the one shape', async (_what, verb, path, status, code, more) => {
    const reply = await http(verb, path, more);
    expect([reply.status, reply.json.code, reply.headers.get('content-type')]).toEqual([status, code, 'application/problem+json; charset=utf-8']);
    expect(reply.json).toMatchObject({ type: `/docs/errors#${code}`, status, title: expect.any(String), detail: expect.any(String), requestId: reply.headers.get('x-request-id'), errors: expect.any(Array) });
    expect(reply.text).not.toContain('secret detail');
    if (status === 405) expect(reply.headers.get('allow')).toBeTruthy();
  });

  it('what is no HTTP is told in the one shape too', async () => {
    const { port } = new URL(running.http);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => { text += String(chunk); });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code: 'REQUEST_MALFORMED', status: 400 });
  });

  it('a refused request without a body leaves its connection open', async () => {
    expect((await http('GET', '/v1/nothing')).headers.get('connection')).not.toBe('close');
  });

  it('a stream is lines, or events that can be gone on with', async () => {
    const lines = await http('GET', '/v1/events');
    expect([lines.headers.get('content-type'), lines.text.trim().split('\n').map((line) => (JSON.parse(line) as { eventId: string }).eventId)]).toEqual(['application/x-ndjson; charset=utf-8', ['e1', 'e2', 'e3']]);
    const events = await http('GET', '/v1/events', { headers: { accept: 'text/event-stream', 'last-event-id': '2' } });
    expect(events.text).toMatch(/^id: 3\ndata: {"eventId":"e3".*}\n\nevent: end\ndata: {}\n\n$/);
  });

  it('a stream that fails at once has a status, and says so at its end where it had begun', async () => {
    expect((await http('GET', '/v1/events?cursor=3&limit=9')).status).toBe(503);
    expect((await http('GET', '/v1/events?limit=9')).text).toMatch(/"eventId":"e3".*\n{"error":{.*"code":"UNAVAILABLE"/);
  });

  it('a quiet stream gives signs of life, and ends with its reader', async () => {
    const abort = new AbortController();
    const response = await fetch(`${running.http}/v1/events?follow=true`, { headers: { ...bearer(ADMIN), accept: 'text/event-stream' }, signal: abort.signal });
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (text.includes(': still here')) break;
    }
    abort.abort();
    expect(text).toContain('"eventId":"e3"');
    for (let i = 0; i < 100 && !/streams_open{mode="live"} 0/.test(lastMetrics); i++) lastMetrics = (await http('GET', '/metrics')).text;
    expect(lastMetrics).toMatch(/vouchsafe_streams_open{mode="live"} 0/);
  });

  it('a call without a key may say that it means the sandbox', async () => {
    expect((await http('GET', '/sandbox/v1/caller', { key: SANDBOX })).json).toMatchObject({ mode: 'sandbox' });
  });
});

describe('at the door', () => {
  it('nothing is told before what it rests on is durable: answers, refusals, each message of a stream', async () => {
    let release = (): void => {};
    running.floor.wait = () => new Promise((resolve) => { release = resolve; });
    for (const call of [
      () => callGrpc(client, method.getPrincipal, { principalId: 'pri_9' }, bearer(ADMIN)),
      () => callGrpc(client, method.getPrincipal, { principalId: 'pri_none' }, bearer(ADMIN)).catch((error: unknown) => error),
      () => callGrpc(client, method.getPrincipal, {}, bearer(CLERK)).catch((error: unknown) => error),
      () => http('GET', '/v1/principals/pri_9'),
      () => http('GET', '/v1/principals/pri_none'),
    ]) {
      let told = false;
      const waits = running.floor.waits;
      const done = call().then(() => { told = true; });
      await until(() => running.floor.waits > waits);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(told).toBe(false);
      release();
      await done;
    }
  });

  it('a store that cannot flush makes every answer UNAVAILABLE', async () => {
    running.floor.wait = async () => { throw Object.assign(new Error('EIO on /data'), { name: 'Fault', code: 'STORE_UNAVAILABLE', retryable: true }); };
    const { status, json, headers } = await http('GET', '/v1/principals/pri_9');
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'STORE_UNAVAILABLE', '1']);
  });

  it('a bearer key is asked about once, and again after access told of a change', async () => {
    const ask = () => callGrpc(client, method.getPrincipal, {}, bearer(ADMIN));
    await ask();
    const before = running.asked.length;
    await ask();
    expect(running.asked).toHaveLength(before);
    const event: AccessIntegrationEvent = { type: 'PrincipalChanged', principalId: 'pri_1', change: 'roles' };
    const encoded = accessEvents.encode(event);
    await running.ports.bus.start();
    await running.ports.bus.publish([{ ...encoded, id: 'e', context: 'access', stream: 'principal-pri_1', pub: 1, occurredAt: 0 as never, recordedAt: 0 as never, correlation: '', causation: '', principal: '' }]);
    await ask();
    expect(running.asked).toHaveLength(before + 1);
  });

  it('a signed call is asked about every time, with what it signs', async () => {
    const headers = { authorization: 'VS-HMAC-SHA256 key=vs_live_x, ts=1, nonce=n, sig=s', 'content-type': 'application/json' };
    const before = running.asked.length;
    for (let i = 0; i < 2; i++) expect((await http('POST', '/v1/principals?a=1', { key: '', headers, body: '{}' })).json.code).toBe('CREDENTIAL_INVALID');
    await callGrpc(client, method.getPrincipal, {}, { authorization: headers.authorization }).catch(() => {});
    const sha = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(running.asked.slice(before)).toEqual([
      `POST /v1/principals a=1 ${sha('{}')}`, `POST /v1/principals a=1 ${sha('{}')}`, `POST /vouchsafe.access.v1.AccessService/GetPrincipal  ${sha('')}`,
    ]);
  });

  it('a credential has its rate and its calls at once', async () => {
    const { open } = gates();
    const first = callGrpc(client, method.getPrincipal, {}, bearer(SLOW));
    await until(() => seen.length === 1);
    const second = await callGrpc(client, method.getPrincipal, {}, bearer(SLOW)).catch((error: unknown) => error);
    expect(readGrpcStatus(second as never)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 100 });
    open();
    await first;
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await http('GET', '/v1/principals/pri_9', { key: NARROW }));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expect(Number(statuses[2]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(statuses[2]!.headers.get('ratelimit-limit') ?? statuses[1]!.headers.get('ratelimit-limit')).toBe('2');
  });

  it('beyond the room for a channel a call is refused at once, with the time to wait; the others go on', async () => {
    const { open } = gates();
    const calls = Array.from({ length: 4 }, () => callGrpc(client, method.getPrincipal, {}, bearer(ADMIN)));
    await until(() => seen.length === 3);
    const refused = await callGrpc(client, method.getPrincipal, {}, bearer(ADMIN)).catch((error: unknown) => error);
    expect(readGrpcStatus(refused as never)).toMatchObject({ code: 'BUSY', retryAfterMs: 1_000 });
    const other = callGrpc(client, method.getPrincipal, {}, bearer(SLOW));
    await until(() => seen.length === 4);
    expect(seen.at(-1)!.context.caller.principalId).toBe('pri_3');
    open();
    await Promise.all([...calls, other]);
  });

  it('what needs two persons is put up for approval in live, and goes through with one', async () => {
    const erase = (headers: Record<string, string> = {}, body: object = { subject: 'sub_1', reason: 'asked' }) => http('POST', '/v1/subjects:erase', { body: JSON.stringify(body), headers });
    const asked = await erase();
    expect([asked.status, asked.json.code, asked.json.details]).toEqual([409, 'APPROVAL_REQUIRED', { approvalId: 'apr_1' }]);
    expect(running.approvals.open).toEqual(['{"reason":"asked","subject":"sub_1"}']);
    expect(seen).toEqual([]);
    expect((await erase({}, { subject: 'sub_1', validateOnly: true })).status).toBe(200);
    running.approvals.check = 'APPROVAL_DIFFERS';
    expect((await erase({ 'x-approval-id': 'apr_1' })).json.code).toBe('APPROVAL_DIFFERS');
    running.approvals.check = '';
    expect((await erase({ 'x-approval-id': 'apr_1' })).status).toBe(200);
    const sandbox = await http('POST', '/v1/subjects:erase', { key: SANDBOX, body: '{"subject":"sub_1"}' });
    expect(sandbox.status).toBe(200);
    await callGrpc(client, method.eraseSubject, { subject: 'sub_1', reason: 'asked' }, bearer(ADMIN)).catch(() => {});
    expect(running.approvals.open.at(-1)).toBe('{"reason":"asked","subject":"sub_1"}');
  });

  it('refuses to listen beyond loopback without TLS', () => {
    expect(gatewayConfig.safeParse({ http: { host: '0.0.0.0', port: 1 } }).success).toBe(false);
    expect(gatewayConfig.safeParse({ grpc: { host: '::', port: 1 } }).success).toBe(false);
    expect(gatewayConfig.safeParse({ http: { host: '0.0.0.0', port: 1, tls: { certFile: 'a', keyFile: 'b' } } }).success).toBe(true);
    expect(gatewayConfig.safeParse({}).success).toBe(true);
  });
});

describe('for people and machines', () => {
  it('the contract is told as OpenAPI, with the comments of the proto', async () => {
    const { json } = await http('GET', '/openapi.json', { key: '' });
    expect(json).toMatchObject({
      openapi: '3.1.0',
      paths: { '/v1/principals/{principalId}:assignRole': { post: { operationId: 'AssignRole', 'x-permission': 'access:write', description: expect.stringContaining('Nobody gives themselves one') } } },
      components: { schemas: { 'access.v1.Principal': { properties: { createTime: { type: 'string', format: 'date-time' } } } } },
    });
    const refs = new Set([...JSON.stringify(json).matchAll(/"#\/components\/(schemas|responses)\/([^"]+)"/g)].map((match) => match[2]!));
    const { schemas, responses } = json.components as { schemas: object; responses: object };
    expect([...refs].filter((name) => !(name in schemas) && !(name in responses))).toEqual([]);
  });

  it.each(['/', '/docs', '/docs/errors', '/assets/page.css', '/assets/swagger-ui-bundle.js', '/healthz', '/readyz', '/metrics'])('%s answers', async (path) => {
    const { status, headers, text } = await http('GET', path, { key: '' });
    expect(status).toBe(200);
    expect(text).not.toMatch(/(src|href)="https?:/);
    if (/html/.test(headers.get('content-type') ?? '')) expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('an asset that is none is not found', async () => {
    expect((await http('GET', '/assets/..%2Fpackage.json', { key: '' })).status).toBe(404);
  });
});
