import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { instant } from '@vouchsafe/kernel';
import { IdentityService, type AuthenticateRequestSchema } from '@vouchsafe/proto/access/internal/v1/identity';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { Approval_State, Credential_State, CredentialKind, PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { type CallContext, type Caller, inProcessRpc, serviceCaller } from '@vouchsafe/rpc';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { localKeyWrap, type Nonces, type PersonalVault, sqlitePersonalVault } from '@vouchsafe/vault';
import { type Access, accessConfig, createAccess, hmacSignature, textToSign } from './index.js';

const DAY = 86_400_000;
let ports: TestPorts;
let vault: PersonalVault & Nonces;
let access: Access;
const rpcOf = () => ports.rpc;
const context = (caller: Caller): CallContext => ({ caller, requestId: 'req_1', deadline: instant(ports.clock.now() + 1_000), locale: 'en' });
const gateway = () => context(serviceCaller('gateway', ports.namespace));
const staff = (principalId: string): CallContext => context({ principalId, kind: 'person', namespace: ports.namespace, permissions: new Set(['access:read', 'access:write', 'approval:decide']) });
const { method } = AccessService;
const identity = IdentityService.method;

const start = async (namespace: 'live' | 'sandbox' = 'live'): Promise<void> => {
  const rpc = inProcessRpc();
  ports = testPorts({ namespace, rpc });
  const { random, ids, clock, log } = ports;
  vault = await sqlitePersonalVault({ file: ':memory:', namespace, keys: localKeyWrap(Buffer.alloc(32, 1), random), random, ids, clock, log });
  access = createAccess({ ...ports, vault }, accessConfig.parse({}));
  await access.start();
};
beforeEach(() => start());
afterEach(async () => {
  await access.stop();
  await vault.close();
  await ports.close();
});

const authenticate = (request: MessageInitShape<typeof AuthenticateRequestSchema>) => rpcOf().call(identity.authenticate, { peerIp: '203.0.113.7', ...request }, gateway());
const aPrincipal = async (more: object = {}) =>
  (await rpcOf().call(method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'Zhang San', roles: ['finance'], ...more }, staff('pri_boss'))).principalId;
const aKey = (principalId: string, more: object = {}) => rpcOf().call(method.createCredential, { principalId, kind: CredentialKind.BEARER, ...more }, staff('pri_boss'));

describe('a principal', () => {
  it('is made once per request id, and its name lies in the vault only', async () => {
    const make = () => aPrincipal({ requestId: 'r1', displayName: 'Wang Xiaoming' });
    const id = await make();
    expect(await make()).toBe(id);
    await expect(aPrincipal({ requestId: 'r1', displayName: 'Somebody else' })).rejects.toMatchObject({ code: 'REQUEST_ID_REUSED' });
    const page = await ports.store.readAll({ after: -1 as never, max: 100 });
    expect(JSON.stringify(page.events)).not.toMatch(/Wang|Xiaoming/);
    expect(await rpcOf().call(method.getPrincipal, { principalId: id }, staff('pri_boss'))).toMatchObject({ displayName: 'Wang Xiaoming', roles: ['finance'] });
  });

  it('is not made when only validated', async () => {
    const { principalId } = await rpcOf().call(method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'X', validateOnly: true }, staff('pri_boss'));
    await expect(rpcOf().call(method.getPrincipal, { principalId }, staff('pri_boss'))).rejects.toMatchObject({ code: 'PRINCIPAL_UNKNOWN' });
    await expect(aPrincipal({ roles: ['king'], validateOnly: true })).rejects.toMatchObject({ code: 'ROLE_UNKNOWN' });
  });

  it('names every wrong field at once', async () => {
    await expect(aPrincipal({ kind: PrincipalKind.CHANNEL, displayName: ' ' })).rejects.toMatchObject({
      kind: 'invalid', more: { fields: [{ pointer: '/displayName' }, { pointer: '/channelId' }] },
    });
  });

  it('is listed newest first, page by page, by filter', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      await ports.clock.advance(1_000);
      made.unshift(await aPrincipal());
    }
    await aPrincipal({ kind: PrincipalKind.CHANNEL, channelId: 'chn_1', roles: [] });
    const list = (more: object) => rpcOf().call(method.listPrincipals, { filter: 'kind = PERSON', pageSize: 3, ...more }, staff('pri_boss'));
    const first = await list({});
    const second = await list({ pageToken: first.nextPageToken });
    expect([...first.principals, ...second.principals].map(({ principalId }) => principalId)).toEqual(made);
    expect(second.nextPageToken).toBe('');
    await expect(list({ pageToken: first.nextPageToken, filter: 'kind = CHANNEL' })).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID', more: { fields: [{ pointer: '/pageToken' }] } });
    await expect(list({ filter: 'colour = red' })).rejects.toMatchObject({ more: { fields: [{ pointer: '/filter' }] } });
  });
});

describe('a bearer credential', () => {
  it('lets its principal in with what its roles allow; its secret is told once', async () => {
    const id = await aPrincipal();
    const made = await aKey(id, { requestId: 'r2' });
    expect(made.secret).toMatch(/^vs_live_[0-9a-z]{26}\.[0-9a-z]{16}_[A-Za-z0-9_-]{43}$/);
    expect(await aKey(id, { requestId: 'r2' })).toEqual({ ...made, secret: '' });
    const found = await authenticate({ authorization: `Bearer ${made.secret}` });
    expect(found).toMatchObject({ rejection: '', principalId: id, kind: 'person', credentialId: made.credential!.credentialId, cacheUntilMs: BigInt(ports.clock.now() + 30_000) });
    expect(found.permissions).toContain('ledger:deposit');
    const text = JSON.stringify((await ports.store.readAll({ after: -1 as never, max: 100 })).events);
    expect(text).not.toContain(made.secret.split('_').at(-1));
  });

  it.each([
    ['', 'CREDENTIAL_MISSING'], ['Bearer nonsense', 'CREDENTIAL_INVALID'], ['Basic YTpi', 'CREDENTIAL_INVALID'],
    [`Bearer vs_sandbox_${'0'.repeat(26)}.abcd_${'A'.repeat(43)}`, 'WRONG_NAMESPACE'], [`Bearer vs_live_${'0'.repeat(26)}.abcd_${'A'.repeat(43)}`, 'CREDENTIAL_INVALID'],
  ])('%p is %s', async (authorization, rejection) => {
    expect((await authenticate({ authorization })).rejection).toBe(rejection);
  });

  it('lets nobody in with another secret, after its end, once revoked, or when its principal is disabled', async () => {
    const id = await aPrincipal();
    const { secret, credential } = await aKey(id, { expireTime: timestampFromMs(ports.clock.now() + DAY) });
    const other = (await aKey(id)).secret;
    const rejection = async (authorization: string) => (await authenticate({ authorization: `Bearer ${authorization}` })).rejection;
    expect(await rejection(`${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`)).toBe('CREDENTIAL_INVALID');
    expect(await rejection(secret)).toBe('');
    await rpcOf().call(method.disablePrincipal, { principalId: id }, staff('pri_boss'));
    expect(await rejection(secret)).toBe('PRINCIPAL_DISABLED');
    await rpcOf().call(method.enablePrincipal, { principalId: id }, staff('pri_boss'));
    expect(await rejection(secret)).toBe('');
    await ports.clock.advance(DAY);
    expect(await rejection(secret)).toBe('CREDENTIAL_EXPIRED');
    await expect(rpcOf().call(method.revokeCredential, { principalId: id, credentialId: credential!.credentialId }, staff('pri_boss'))).resolves.toMatchObject({ state: Credential_State.REVOKED });
    expect(await rejection(secret)).toBe('CREDENTIAL_REVOKED');
    expect(await rejection(other)).toBe('');
  });

  it('is told as revoked to whoever caches it before the revocation is answered', async () => {
    const heard: string[] = [];
    ports.bus.subscribe('a-gateway', ['access'], async ({ type }) => void heard.push(type));
    await ports.bus.start();
    const id = await aPrincipal();
    const { credential } = await aKey(id);
    await rpcOf().call(method.revokeCredential, { principalId: id, credentialId: credential!.credentialId }, staff('pri_boss'));
    expect(heard).toEqual(['access.PrincipalChanged.v1', 'access.PrincipalChanged.v1']);
  });

  it('works from its networks only', async () => {
    const { secret } = await aKey(await aPrincipal(), { ipAllow: ['198.51.100.0/24'] });
    expect((await authenticate({ authorization: `Bearer ${secret}` })).rejection).toBe('IP_NOT_ALLOWED');
    expect((await authenticate({ authorization: `Bearer ${secret}`, peerIp: '198.51.100.9' })).rejection).toBe('');
  });

  it('remembers when it was used', async () => {
    const id = await aPrincipal();
    const { secret } = await aKey(id);
    const list = async () => (await rpcOf().call(method.listCredentials, { principalId: id }, staff('pri_boss'))).credentials[0]!.lastUseTime;
    expect(await list()).toBeUndefined();
    await authenticate({ authorization: `Bearer ${secret}` });
    expect(await list()).toEqual(timestampFromMs(ports.clock.now()));
  });
});

describe('a signed call', () => {
  const call = { method: 'POST', path: '/v1/orders', query: 'a=1', bodySha256: createHash('sha256').update('{"number":"1"}').digest() };
  const header = (scheme: string, keyName: string, signer: (text: string) => string, change: { ts?: number; nonce?: string } = {}) => {
    const timestamp = change.ts ?? Math.floor(ports.clock.now() / 1000);
    const nonce = change.nonce ?? 'nonce-0123456789';
    return `${scheme} key=${keyName}, ts=${timestamp}, nonce=${nonce}, sig=${signer(textToSign({ keyName, timestamp, nonce }, call))}`;
  };
  const hmacCaller = async () => {
    const { secret, keyName } = await aKey(await aPrincipal(), { kind: CredentialKind.HMAC });
    return (change?: { ts?: number; nonce?: string }) => header('VS-HMAC-SHA256', keyName, (text) => hmacSignature(secret, text), change);
  };
  const rejection = async (authorization: string, more: object = {}) => (await authenticate({ authorization, ...call, ...more })).rejection;

  it('by hmac is let in once, and not cached', async () => {
    const signed = await hmacCaller();
    const authorization = signed();
    const found = await authenticate({ authorization, ...call });
    expect(found).toMatchObject({ rejection: '', cacheUntilMs: BigInt(ports.clock.now()) });
    expect(await rejection(authorization)).toBe('NONCE_REUSED');
    expect(await rejection(signed({ nonce: 'nonce-9876543210' }))).toBe('');
  });

  it.each([
    ['method', { method: 'PUT' }], ['path', { path: '/v1/orders/x' }], ['query', { query: 'a=2' }], ['body', { bodySha256: createHash('sha256').update('{"number":"2"}').digest() }],
  ])('whose %s was changed on the way is refused, and its nonce is still good', async (_what, change) => {
    const authorization = (await hmacCaller())();
    expect(await rejection(authorization, change)).toBe('SIGNATURE_INVALID');
    expect(await rejection(authorization)).toBe('');
  });

  it('is refused more than 300 seconds off, either way', async () => {
    const signed = await hmacCaller();
    const now = Math.floor(ports.clock.now() / 1000);
    expect(await rejection(signed({ ts: now - 301, nonce: 'nonce-a123456789' }))).toBe('TIMESTAMP_SKEWED');
    expect(await rejection(signed({ ts: now + 301, nonce: 'nonce-b123456789' }))).toBe('TIMESTAMP_SKEWED');
    expect(await rejection(signed({ ts: now - 300, nonce: 'nonce-c123456789' }))).toBe('');
    const late = signed({ ts: now + 300, nonce: 'nonce-d123456789' });
    expect(await rejection(late)).toBe('');
    await ports.clock.advance(599_000);
    expect(await rejection(late)).toBe('NONCE_REUSED');
    await ports.clock.advance(2_000);
    expect(await rejection(late)).toBe('TIMESTAMP_SKEWED');
  });

  it('by ed25519 needs the private key, which we never see', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const { keyName, secret } = await aKey(await aPrincipal(), { kind: CredentialKind.ED25519, publicKey: raw });
    expect(secret).toBe('');
    const authorization = header('VS-ED25519', keyName, (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'));
    expect(await rejection(authorization, { path: '/v1/other' })).toBe('SIGNATURE_INVALID');
    expect(await rejection(authorization)).toBe('');
    const other = generateKeyPairSync('ed25519').privateKey;
    expect(await rejection(header('VS-ED25519', keyName, (text) => sign(null, Buffer.from(text), other).toString('base64url')))).toBe('SIGNATURE_INVALID');
  });

  it('is not made with a bearer key', async () => {
    const { keyName, secret } = await aKey(await aPrincipal());
    expect(await rejection(header('VS-HMAC-SHA256', keyName, (text) => hmacSignature(secret, text)))).toBe('SIGNATURE_INVALID');
  });
});

describe('two persons', () => {
  const frozen = { method: 'vouchsafe.ledger.v1.LedgerService/CreateDeposit', requestSha256: createHash('sha256').update('{}').digest(), requester: 'pri_asks' };
  const open = () => rpcOf().call(identity.openApproval, { ...frozen, requestJson: '{"amount":"1"}' }, gateway());
  const check = async (approvalId: string, more: object = {}) => (await rpcOf().call(identity.checkApproval, { approvalId, ...frozen, ...more }, gateway())).rejection;

  let other: string;
  beforeEach(async () => { other = await person(staff('pri_admin'), 'approver'); });
  const person = async (by: CallContext, ...roles: readonly string[]) =>
    (await rpcOf().call(method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'P', roles: [...roles] }, by)).principalId;

  it('approve exactly one request, once', async () => {
    const { approvalId } = await open();
    expect((await open()).approvalId).toBe(approvalId);
    expect(await check(approvalId)).toBe('APPROVAL_PENDING');
    expect(await rpcOf().call(method.getApproval, { approvalId }, staff(other))).toMatchObject({ requestJson: '{"amount":"1"}', state: Approval_State.PENDING });
    await expect(rpcOf().call(method.approve, { approvalId }, staff('pri_asks'))).rejects.toMatchObject({ code: 'OWN_APPROVAL' });
    await rpcOf().call(method.approve, { approvalId }, staff(other));
    expect(await check(approvalId, { requestSha256: createHash('sha256').update('{"amount":"2"}').digest() })).toBe('APPROVAL_DIFFERS');
    expect(await check(approvalId, { requester: 'pri_third' })).toBe('APPROVAL_UNKNOWN');
    expect(await check(approvalId)).toBe('');
    expect(await check(approvalId)).toBe('APPROVAL_USED');
    expect((await open()).approvalId).not.toBe(approvalId);
    const { approvals } = await rpcOf().call(method.listApprovals, { filter: 'state = USED' }, staff(other));
    expect(approvals.map((found) => found.approvalId)).toEqual([approvalId]);
  });

  it('have a day for it', async () => {
    const { approvalId } = await open();
    await rpcOf().call(method.approve, { approvalId }, staff(other));
    await ports.clock.advance(DAY);
    expect(await check(approvalId)).toBe('APPROVAL_EXPIRED');
  });

  it('are two: nobody approves with a principal that they set up, or that somebody did whom they set up', async () => {
    const mine = await person(staff('pri_asks'), 'approver');
    const friend = await person(staff('pri_asks'), 'admin');
    const friendOfFriend = await person(staff(friend), 'approver');
    const given = await person(staff('pri_admin'));
    await rpcOf().call(method.assignRole, { principalId: given, role: 'approver' }, staff('pri_asks'));
    const keyed = await person(staff('pri_admin'), 'approver');
    await rpcOf().call(method.createCredential, { principalId: keyed, kind: CredentialKind.BEARER }, staff('pri_asks'));
    const { approvalId } = await open();
    for (const puppet of [mine, friend, friendOfFriend, given, keyed]) {
      await expect(rpcOf().call(method.approve, { approvalId }, staff(puppet))).rejects.toMatchObject({ code: 'APPROVER_UNFIT' });
    }
    await rpcOf().call(method.approve, { approvalId }, staff(other));
    expect(await check(approvalId)).toBe('');
  });

  it('are persons, and the second one still may decide when it comes to it', async () => {
    const { principalId: machine } = await rpcOf().call(method.createPrincipal, { kind: PrincipalKind.SERVICE, displayName: 'bot', roles: ['approver'] }, staff('pri_admin'));
    const { approvalId } = await open();
    await expect(rpcOf().call(method.approve, { approvalId }, staff(machine))).rejects.toMatchObject({ code: 'APPROVER_UNFIT' });
    await rpcOf().call(method.approve, { approvalId }, staff(other));
    await rpcOf().call(method.removeRole, { principalId: other, role: 'approver' }, staff('pri_admin'));
    expect(await check(approvalId)).toBe('APPROVER_UNFIT');
  });
});

describe('personal data', () => {
  it('is protected, revealed to services only, and gone once erased', async () => {
    const protect = () => rpcOf().call(identity.protect, { channelId: 'chn_1', values: [{ kind: 'buyer', value: 'b-1' }, { kind: 'phone', value: '13800138000' }] }, gateway());
    const { values } = await protect();
    expect(values[1]).toMatchObject({ masked: '138****8000' });
    const reveal = (caller: CallContext) => rpcOf().call(identity.reveal, { ref: values[1]!.ref }, caller);
    expect(await reveal(gateway())).toMatchObject({ found: true, value: '13800138000' });
    await expect(reveal(staff('pri_boss'))).rejects.toMatchObject({ code: 'INTERNAL_ONLY' });
    const erase = (request: object) => rpcOf().call(method.eraseSubject, { reason: 'asked by the buyer', ...request }, staff('pri_boss'));
    expect((await erase({ value: { kind: 'buyer', value: 'b-1', channelId: 'chn_1' }, validateOnly: true })).subjects).toHaveLength(1);
    const { subjects } = await erase({ value: { kind: 'buyer', value: 'b-1', channelId: 'chn_1' } });
    expect(values[0]!.ref.startsWith(`${subjects[0]}.`)).toBe(true);
    expect(await reveal(gateway())).toMatchObject({ found: false });
    expect((await erase({ subject: values[0]!.ref })).subjects).toEqual([]);
    expect((await protect()).values.map(({ token }) => token)).toEqual(values.map(({ token }) => token));
    await expect(erase({})).rejects.toMatchObject({ code: 'SUBJECT_INVALID' });
  });
});

describe('the first key', () => {
  it('is made once, lives a day, and lets an administrator in', async () => {
    const made = await access.bootstrap.admin();
    if (!made.ok) throw new Error('refused');
    expect(await access.bootstrap.admin()).toEqual({ ok: false, code: 'ALREADY_BOOTSTRAPPED' });
    const rejection = async () => (await authenticate({ authorization: `Bearer ${made.key.key.reveal()}` })).rejection;
    expect(await rejection()).toBe('');
    await ports.clock.advance(DAY);
    expect(await rejection()).toBe('CREDENTIAL_EXPIRED');
    expect(await access.bootstrap.admin(true)).toMatchObject({ ok: true, key: { principalId: made.key.principalId } });
    expect(JSON.stringify(made)).not.toContain(made.key.key.reveal());
  });

  it('opens a whole sandbox, also again and again', async () => {
    await access.stop();
    await start('sandbox');
    for (let i = 0; i < 3; i++) {
      const keys = await access.bootstrap.sandbox({ channels: ['chn_a', 'chn_b'], terminals: ['trm_1'] });
      const who = async (key: { reveal(): string }) => authenticate({ authorization: `Bearer ${key.reveal()}` });
      expect(await who(keys.channels.get('chn_b')!.key)).toMatchObject({ kind: 'channel', channelId: 'chn_b' });
      expect(await who(keys.terminals.get('trm_1')!.key)).toMatchObject({ kind: 'terminal', terminalId: 'trm_1', permissions: ['voucher:check', 'voucher:redeem', 'voucher:reverse'] });
      expect((await who(keys.admin.key)).permissions).toContain('access:write');
    }
  });

  it('is not made for everybody in live', async () => {
    await expect(access.bootstrap.sandbox({ channels: [], terminals: [] })).rejects.toThrow('sandbox only');
  });
});
