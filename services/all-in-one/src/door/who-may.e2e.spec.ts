import { connect } from 'node:net';
import { create, type DescMethod, getOption, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { PERMISSIONS, ROLES } from '@vouchsafe/access';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind, PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { access, Audience } from '@vouchsafe/proto/common/v1/options';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { systemClock } from '@vouchsafe/runtime';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Premises } from './testing/premises.js';
import { httpForm } from './testing/requests.js';
import { overHttp } from './testing/wire.js';

const guarded = PUBLIC_SERVICES.flatMap(({ methods }) => methods).filter((method) => getOption(method, access).audience !== Audience.PUBLIC);
const asked = guarded.filter((method) => getOption(method, access).permission !== '');
const clock = systemClock();
const { createCredential, revokeCredential, disablePrincipal } = AccessService.method;

describe('every rpc of the contract is refused', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open({ namespaces: ['live', 'sandbox'] });
    const made = await premises.running('live').access.bootstrap.admin();
    if (!made.ok) throw new Error(made.code);
    premises.keys.set('live-admin', made.key.key.reveal());
    await premises.hire('nobody', { roles: [] });
    await premises.hire('live-nobody', { roles: [] }, 'live-admin');
  });
  afterAll(() => premises.close());

  /** Calls every one of `methods` with this Authorization, over gRPC and HTTP: what was answered otherwise than so. */
  const others = async (methods: readonly DescMethod[], authorization: string, status: number, http: number, code: string | ((method: DescMethod) => string), headers: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
    const sent = { ...(authorization !== '' && { authorization }), ...headers };
    const wrong = await Promise.all(methods.map(async (method) => {
      const wanted = typeof code === 'string' ? code : code(method);
      const told = await premises.wire.send(method, [toBinary(method.input, create(method.input, {}))], sent);
      const found = told.status === status && told.code === wanted ? [] : [`${method.name}: ${told.status} ${told.code}`];
      const form = httpForm(method, create(method.input, {}));
      if (!form) return found;
      const page = await overHttp(premises.platform.http, form.verb, form.path, { ...(form.body !== undefined && { body: form.body }), headers: sent });
      return page.status === http && page.json['code'] === wanted ? found : [...found, `${method.name} over HTTP: ${page.status} ${String(page.json['code'])}`];
    }));
    return wrong.flat();
  };
  const missing = (method: DescMethod): string => (getOption(method, access).permission === '' ? '' : 'PERMISSION_MISSING');
  const issue = async (name: string, request: { readonly expiresInMs?: number; readonly ipAllow?: readonly string[] } = {}) => {
    const principalId = await premises.hire(name, { roles: ['admin'] });
    const { credential, secret } = await premises.wire.get(createCredential, {
      principalId, kind: CredentialKind.BEARER, ipAllow: [...(request.ipAllow ?? [])], ...(request.expiresInMs !== undefined && { expireTime: timestampFromMs(clock.now() + request.expiresInMs) }),
    }, premises.as('admin'));
    return { principalId, credentialId: credential!.credentialId, authorization: `Bearer ${secret}` };
  };

  it('without a key', async () => {
    expect(guarded.length).toBeGreaterThan(120);
    expect(await others(guarded, '', 16, 401, 'CREDENTIAL_MISSING')).toEqual([]);
  });

  it('with a key that is none, was mistyped or has another secret', async () => {
    const key = premises.keys.get('admin')!;
    const turned = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
    for (const authorization of ['Bearer nonsense', `Basic ${Buffer.from('admin:admin').toString('base64')}`, `Bearer ${turned}`, `Bearer ${key.slice(0, -1)}`, `Bearer ${key}x`]) {
      expect(await others(guarded, authorization, 16, 401, 'CREDENTIAL_INVALID')).toEqual([]);
    }
  });

  it('with a key of the sandbox made to look like one of live, and the other way round', async () => {
    expect(await others(guarded, `Bearer ${premises.keys.get('admin')!.replace('vs_sandbox_', 'vs_live_')}`, 16, 401, 'CREDENTIAL_INVALID')).toEqual([]);
    expect(await others(guarded, `Bearer ${premises.keys.get('live-admin')!.replace('vs_live_', 'vs_sandbox_')}`, 16, 401, 'CREDENTIAL_INVALID')).toEqual([]);
  });

  it('with a key that lacks the permission, which is named', async () => {
    for (const who of ['nobody', 'live-nobody']) expect(await others(asked, `Bearer ${premises.keys.get(who)}`, 7, 403, missing)).toEqual([]);
    const told = await premises.wire.ask(OrderService.method.placeOrder, [{}], premises.as('nobody'));
    expect([told.details, told.text]).toEqual([{ permission: 'order:place' }, expect.stringContaining('没有此操作的权限')]);
  });

  it('to every kind of caller beyond its role', async () => {
    for (const [who, role] of [['chn_dist', 'channel'], ['trm_lake-1', 'terminal'], ['admin', 'admin']] as const) {
      const beyond = asked.filter((method) => !ROLES[role].permissions.some((held) => held === getOption(method, access).permission));
      expect(beyond.length).toBeGreaterThan(5);
      expect(await others(beyond, `Bearer ${premises.keys.get(who)}`, 7, 403, missing)).toEqual([]);
    }
    expect(PERMISSIONS.filter((permission) => ['secret:disclose', 'secret:export', 'order:place', 'voucher:redeem'].includes(permission) && ROLES.admin.permissions.some((held) => held === permission))).toEqual([]);
  });

  it('with a key that was revoked a moment ago, though it was just in use', async () => {
    const { principalId, credentialId, authorization } = await issue('leaver');
    await premises.wire.get(AccessService.method.getCaller, {}, { authorization });
    await premises.wire.get(revokeCredential, { principalId, credentialId, reason: 'left' }, premises.as('admin'));
    expect(await others(guarded, authorization, 16, 401, 'CREDENTIAL_REVOKED')).toEqual([]);
  });

  it('with a key that has expired, though it was just in use', async () => {
    const { authorization } = await issue('guest', { expiresInMs: 1_200 });
    await premises.wire.get(AccessService.method.getCaller, {}, { authorization });
    await premises.until(() => premises.wire.ask(AccessService.method.getCaller, [{}], { authorization }), ({ ok }) => !ok);
    expect(await others(guarded, authorization, 16, 401, 'CREDENTIAL_EXPIRED')).toEqual([]);
  });

  it('to a principal that was disabled, and from an address that is not on the list', async () => {
    const disabled = await issue('suspended');
    await premises.wire.get(disablePrincipal, { principalId: disabled.principalId, reason: 'check' }, premises.as('admin'));
    expect(await others(guarded, disabled.authorization, 16, 401, 'PRINCIPAL_DISABLED')).toEqual([]);
    const elsewhere = await issue('traveller', { ipAllow: ['203.0.113.0/24'] });
    expect(await others(guarded, elsewhere.authorization, 16, 401, 'IP_NOT_ALLOWED')).toEqual([]);
    expect(await others(guarded, elsewhere.authorization, 16, 401, 'IP_NOT_ALLOWED', { 'x-forwarded-for': '203.0.113.7' })).toEqual([]);
  });

  it('with a sandbox key where only live is composed, and a live key where only the sandbox is', async () => {
    const [live, sandbox] = [await Premises.open({ namespaces: ['live'] }), await Premises.open()];
    try {
      for (const [there, who] of [[live, 'admin'], [sandbox, 'live-admin']] as const) {
        const told = await there.wire.ask(OrderService.method.placeOrder, [{}], premises.as(who));
        expect([told.status, told.code]).toEqual([16, 'MODE_UNAVAILABLE']);
        const page = await overHttp(there.platform.http, 'POST', '/v1/orders', { body: '{}', headers: premises.as(who) });
        expect([page.status, page.json['code']]).toEqual([401, 'MODE_UNAVAILABLE']);
      }
    } finally {
      await Promise.all([live.close(), sandbox.close()]);
    }
  });
});

describe('a mode', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open({ namespaces: ['live', 'sandbox'] });
    const made = await premises.running('live').access.bootstrap.admin();
    if (!made.ok) throw new Error(made.code);
    premises.keys.set('live-admin', made.key.key.reveal());
  });
  afterAll(() => premises.close());

  it('is that of the key, whatever a header says', async () => {
    const { mode } = await premises.wire.get(AccessService.method.getCaller, {}, premises.as('admin', { 'x-vouchsafe-mode': 'sandbox' }));
    expect(mode).toBe('sandbox');
    for (const [who, told] of [['admin', 'live'], ['live-admin', 'sandbox']] as const) {
      const refused = await premises.http('GET', '/v1/caller', who, { headers: { 'x-vouchsafe-mode': told } });
      expect([refused.status, refused.json['code']]).toEqual([401, 'WRONG_NAMESPACE']);
    }
  });

  it('named by the path cannot be entered with a key of the other', async () => {
    const live = await premises.http('GET', '/sandbox/v1/caller', 'live-admin');
    expect([live.status, live.json['code']]).toEqual([401, 'WRONG_NAMESPACE']);
    expect((await premises.http('GET', '/sandbox/v1/caller', 'admin')).json['mode']).toBe('sandbox');
  });

  it('of live has no way in for notices of the sandbox’s providers', async () => {
    const body = { body: Buffer.from('{}').toString('base64'), timestamp: '1', signature: '00' };
    const live = await premises.http('POST', '/v1/payments/notices/sandbox', undefined, { body });
    expect([live.status, live.json['code']]).toEqual([404, 'PROVIDER_UNCONFIGURED']);
    const sandbox = await premises.http('POST', '/sandbox/v1/payments/notices/sandbox', undefined, { body });
    expect([sandbox.status, sandbox.json['code']]).toEqual([403, 'NOTICE_FORGED']);
  });
});

describe('a role', () => {
  let premises: Premises;
  beforeAll(async () => { premises = await Premises.open(); });
  afterAll(() => premises.close());

  it('is given by somebody else, fits its kind, and counts from the next call on', async () => {
    const { wire } = premises;
    const me = (await wire.get(AccessService.method.getCaller, {}, premises.as('admin'))).principalId;
    expect((await wire.ask(AccessService.method.assignRole, [{ principalId: me, role: 'custodian' }], premises.as('admin'))).code).toBe('OWN_ROLE');
    const till = (await wire.get(AccessService.method.getCaller, {}, premises.as('trm_lake-1'))).principalId;
    expect((await wire.ask(AccessService.method.assignRole, [{ principalId: till, role: 'admin' }], premises.as('admin'))).status).toBe(9);
    const clerk = await premises.hire('clerk', { roles: ['support'] });
    expect((await wire.ask(AccessService.method.listPrincipals, [{}], premises.as('clerk'))).code).toBe('PERMISSION_MISSING');
    await wire.get(AccessService.method.assignRole, { principalId: clerk, role: 'admin' }, premises.as('admin'));
    expect((await wire.ask(AccessService.method.listPrincipals, [{}], premises.as('clerk'))).ok).toBe(true);
    await wire.get(AccessService.method.removeRole, { principalId: clerk, role: 'admin' }, premises.as('admin'));
    expect((await wire.ask(AccessService.method.listPrincipals, [{}], premises.as('clerk'))).code).toBe('PERMISSION_MISSING');
    const second = await wire.ask(AccessService.method.createPrincipal, [{ kind: PrincipalKind.CHANNEL, displayName: 'x', channelId: 'chn_dist', roles: ['admin'] }], premises.as('admin'));
    expect(second.ok).toBe(false);
  });

  it('has no more than two live keys, and the secret is told once', async () => {
    const { wire } = premises;
    const principalId = await premises.hire('rotating', { roles: [] });
    const { credential, secret } = await wire.get(createCredential, { principalId, kind: CredentialKind.BEARER }, premises.as('admin'));
    expect(secret).toMatch(/^vs_sandbox_/);
    expect((await wire.ask(createCredential, [{ principalId, kind: CredentialKind.BEARER }], premises.as('admin'))).status).toBe(9);
    const listed = await wire.ask(AccessService.method.listCredentials, [{ principalId }], premises.as('admin'));
    expect(listed.json).toContain(credential!.credentialId);
    expect(listed.json).not.toContain(secret.slice(-43));
    expect((await premises.events()).filter(({ canonical }) => Buffer.from(canonical).includes(secret.slice(-43)))).toEqual([]);
  });
});

it('whoever shows wrong keys too often is told to wait, and the others go on', async () => {
  const premises = await Premises.open({ more: { gateway: { authFailuresPerMinute: 20 } } });
  try {
    await premises.wire.get(AccessService.method.getCaller, {}, premises.as('admin'));
    const guess = (i: number) => premises.wire.ask(AccessService.method.getCaller, [{}], { authorization: `Bearer vs_sandbox_${String(i).padStart(26, '0')}.abcd_${'A'.repeat(43)}` });
    const told = await Promise.all(Array.from({ length: 40 }, (_, i) => guess(i)));
    const codes = told.map(({ code }) => code);
    expect(codes.filter((code) => code === 'CREDENTIAL_INVALID').length).toBeGreaterThanOrEqual(20);
    const last = await guess(41);
    expect([last.status, last.code]).toEqual([8, 'TOO_MANY_FAILURES']);
    expect(last.retryAfterMs).toBeGreaterThan(0);
    expect((await premises.wire.ask(AccessService.method.getCaller, [{}], premises.as('admin'))).ok).toBe(true);
  } finally {
    await premises.close();
  }
});

it('what is no HTTP/2 on the gRPC port harms nobody', async () => {
  const premises = await Premises.open();
  try {
    const { hostname, port } = new URL(`http://${premises.platform.grpc}`);
    for (const noise of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(100_000, 0xff)]) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write(noise);
      await Promise.race([new Promise((resolve) => socket.once('close', resolve)), clock.sleep(500)]);
      socket.destroy();
    }
    expect((await premises.wire.ask(AccessService.method.getCaller, [{}], premises.as('admin'))).ok).toBe(true);
  } finally {
    await premises.close();
  }
});
