import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { create, type DescMethodUnary, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Access, accessConfig, accessErrors, createAccess, hmacSignature, PERMISSIONS, textToSign } from '@vouchsafe/access';
import { inProcessBus } from '@vouchsafe/bus';
import { createGateway, type Gateway, gatewayConfig, type GatewayNamespace, methodTable } from '@vouchsafe/gateway';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind, PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { type BytesRpc, grpcPath, inProcessRpc, readGrpcStatus } from '@vouchsafe/rpc';
import { clockTimers, type Namespace, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { localKeyWrap, type Nonces, type PersonalVault, sqlitePersonalVault } from '@vouchsafe/vault';

/** The real access behind the real gateway, live and sandbox in one process. */
type Side = { readonly ports: TestPorts; readonly rpc: BytesRpc; readonly vault: PersonalVault & Nonces; readonly access: Access; readonly seen: GatewayNamespace };
const clock = systemClock();
const { method } = AccessService;
let sides: Record<Namespace, Side>;
let gateway: Gateway;
let client: Client;
let admin: Record<Namespace, string>;

const startSide = async (namespace: Namespace): Promise<Side> => {
  const rpc = inProcessRpc();
  const ports = testPorts({ namespace, rpc, bus: inProcessBus(clock, { log: silentLog }) });
  const random = systemRandom();
  const vault = await sqlitePersonalVault({ file: ':memory:', namespace, keys: localKeyWrap(Buffer.alloc(32, 3), random), random, ids: ports.ids, clock, log: silentLog });
  const access = createAccess({ ...ports, clock, random, timers: clockTimers(clock), vault }, accessConfig.parse({}));
  return { ports, rpc, vault, access, seen: { rpc, store: ports.store, bus: ports.bus, clock } };
};
beforeAll(async () => {
  sides = { live: await startSide('live'), sandbox: await startSide('sandbox') };
  gateway = createGateway({
    namespaces: { live: sides.live.seen, sandbox: sides.sandbox.seen }, services: [AccessService], catalogues: [accessErrors], clock, timers: clockTimers(clock), random: systemRandom(), log: silentLog,
  }, gatewayConfig.parse({ http: { port: 0 }, grpc: { port: 0 }, drainMs: 500 }));
  for (const { access, ports } of Object.values(sides)) {
    await access.start();
    await ports.bus.start();
  }
  await gateway.start();
  client = new Client(gateway.addresses().grpc, credentials.createInsecure());
  const first = await sides.live.access.bootstrap.admin();
  if (!first.ok) throw new Error('no first key');
  const sandbox = await sides.sandbox.access.bootstrap.sandbox({ channels: ['chn_1'], terminals: [] });
  admin = { live: first.key.key.reveal(), sandbox: sandbox.admin.key.reveal() };
});
afterAll(async () => {
  client.close();
  await gateway.stop();
  for (const { access, vault, ports } of Object.values(sides)) {
    await access.stop();
    await vault.close();
    await ports.close();
  }
});

const call = <M extends DescMethodUnary>(wanted: M, request: MessageInitShape<M['input']>, headers: Record<string, string>): Promise<MessageShape<M['output']>> =>
  new Promise((resolve, reject) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    client.makeUnaryRequest(grpcPath(wanted), (bytes: Uint8Array) => Buffer.from(bytes), (bytes: Buffer) => fromBinary(wanted.output, bytes) as MessageShape<M['output']>, toBinary(wanted.input, create(wanted.input, request)), metadata, { deadline: Date.now() + 5_000 },
      (error, answer) => (error ? reject(error) : resolve(answer!)));
  });
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const codeOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'OK', (error: ServiceError) => readGrpcStatus(error).code);
const http = async (verb: string, path: string, headers: Record<string, string>, body?: string) => {
  const response = await fetch(`${gateway.addresses().http}${path}`, { method: verb, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, ...(body !== undefined && { body }) });
  return { status: response.status, json: (await response.json()) as Record<string, string> & { details: Record<string, string> } };
};
const there = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('nothing there');
  return value;
};
const aPerson = async (mode: Namespace, ...roles: string[]) =>
  (await call(method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'P', roles }, as(admin[mode]))).principalId;
const aKey = (mode: Namespace, principalId: string, more: object = {}) => call(method.createCredential, { principalId, kind: CredentialKind.BEARER, ...more }, as(admin[mode]));

it('a key opens its own mode and no other', async () => {
  expect(await call(method.getCaller, {}, as(admin.live))).toMatchObject({ mode: 'live', kind: PrincipalKind.PERSON });
  expect(await call(method.getCaller, {}, as(admin.sandbox))).toMatchObject({ mode: 'sandbox' });
  expect(await codeOf(call(method.getCaller, {}, as(admin.sandbox.replace('vs_sandbox_', 'vs_live_'))))).toBe('CREDENTIAL_INVALID');
});

it('a revoked key is refused by the very next call, cached or not', async () => {
  const principalId = await aPerson('live', 'auditor');
  const { secret, credential } = await aKey('live', principalId);
  expect(await codeOf(call(method.listPrincipals, {}, as(secret)))).toBe('OK');
  await call(method.revokeCredential, { principalId, credentialId: credential!.credentialId }, as(admin.live));
  expect(await codeOf(call(method.listPrincipals, {}, as(secret)))).toBe('CREDENTIAL_REVOKED');
});

it('a role taken away is gone with the next call', async () => {
  const principalId = await aPerson('live', 'auditor');
  const { secret } = await aKey('live', principalId);
  expect(await codeOf(call(method.listPrincipals, {}, as(secret)))).toBe('OK');
  await call(method.removeRole, { principalId, role: 'auditor' }, as(admin.live));
  expect(await codeOf(call(method.listPrincipals, {}, as(secret)))).toBe('PERMISSION_MISSING');
});

it('nobody gives themselves a role', async () => {
  const { principalId } = await call(method.getCaller, {}, as(admin.live));
  expect(await codeOf(call(method.assignRole, { principalId, role: 'finance' }, as(admin.live)))).toBe('OWN_ROLE');
});

describe('a signed call', () => {
  const header = (scheme: string, keyName: string, signer: (text: string) => string, of: { method: string; path: string; query?: string; body: Uint8Array }, change: { ts?: number; nonce?: string } = {}) => {
    const timestamp = change.ts ?? Math.floor(Date.now() / 1000);
    const nonce = change.nonce ?? randomBytes(16).toString('base64url');
    const text = textToSign({ keyName, timestamp, nonce }, { method: of.method, path: of.path, query: of.query ?? '', bodySha256: createHash('sha256').update(of.body).digest() });
    return { authorization: `${scheme} key=${keyName}, ts=${timestamp}, nonce=${nonce}, sig=${signer(text)}` };
  };
  const hmac = async () => {
    const { secret, keyName } = await aKey('live', await aPerson('live', 'admin'), { kind: CredentialKind.HMAC });
    return { keyName, signer: (text: string) => hmacSignature(secret, text) };
  };

  it('over HTTP covers method, path, query and body, and counts once', async () => {
    const { keyName, signer } = await hmac();
    const body = '{"kind":"PRINCIPAL_KIND_PERSON","displayName":"Q"}';
    const signed = (path: string, query = '') => header('VS-HMAC-SHA256', keyName, signer, { method: 'POST', path, query, body: Buffer.from(body) });
    const good = signed('/v1/principals');
    expect((await http('POST', '/v1/principals', good, body)).status).toBe(200);
    expect((await http('POST', '/v1/principals', good, body)).json.code).toBe('NONCE_REUSED');
    expect((await http('POST', '/v1/principals', signed('/v1/principals'), body.replace('"Q"', '"R"'))).json.code).toBe('SIGNATURE_INVALID');
    expect((await http('POST', '/v1/principals?validateOnly=true', signed('/v1/principals'), body)).json.code).toBe('SIGNATURE_INVALID');
    const get = header('VS-HMAC-SHA256', keyName, signer, { method: 'GET', path: '/v1/principals', query: 'pageSize=1', body: Buffer.alloc(0) });
    expect((await http('GET', '/v1/principals?pageSize=1', get)).status).toBe(200);
  });

  it('over gRPC covers the method and the message', async () => {
    const { keyName, signer } = await hmac();
    const request = { pageSize: 1 };
    const body = toBinary(method.listPrincipals.input, create(method.listPrincipals.input, request));
    const signed = () => header('VS-HMAC-SHA256', keyName, signer, { method: 'POST', path: grpcPath(method.listPrincipals), body });
    expect(await codeOf(call(method.listPrincipals, request, signed()))).toBe('OK');
    expect(await codeOf(call(method.listPrincipals, { pageSize: 2 }, signed()))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(call(method.listRoles, {}, signed()))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(call(method.listPrincipals, request, header('VS-HMAC-SHA256', keyName, signer, { method: 'POST', path: grpcPath(method.listPrincipals), body }, { ts: Math.floor(Date.now() / 1000) - 301 })))).toBe('TIMESTAMP_SKEWED');
  });

  it('by ed25519 works alike', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { keyName } = await aKey('live', await aPerson('live', 'auditor'), { kind: CredentialKind.ED25519, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) });
    const signed = header('VS-ED25519', keyName, (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'), { method: 'GET', path: '/v1/roles', body: Buffer.alloc(0) });
    expect((await http('GET', '/v1/roles', signed)).status).toBe(200);
    expect((await http('GET', '/v1/roles', signed)).json.code).toBe('NONCE_REUSED');
  });
});

describe('two persons', () => {
  it('erase a subject in live: asked, approved by another, done once, exactly as asked', async () => {
    const { ref } = there((await sides.live.vault.protect([{ kind: 'phone', value: '13800138000' }])).at(0));
    const erase = (headers: Record<string, string>, subject = ref) => http('POST', '/v1/subjects:erase', headers, JSON.stringify({ subject, reason: 'asked' }));
    const asker = (await aKey('live', await aPerson('live', 'admin'))).secret;
    const asked = await erase(as(asker));
    expect([asked.status, asked.json.code]).toEqual([409, 'APPROVAL_REQUIRED']);
    const approvalId = String(asked.json.details.approvalId);
    const withApproval = { ...as(asker), 'x-approval-id': approvalId };
    expect((await erase(withApproval)).json.code).toBe('APPROVAL_PENDING');
    expect(await codeOf(call(method.approve, { approvalId }, as(asker)))).toBe('OWN_APPROVAL');
    const puppet = (await call(method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'P', roles: ['approver'] }, as(asker))).principalId;
    expect(await codeOf(call(method.approve, { approvalId }, as((await aKey('live', puppet)).secret)))).toBe('APPROVER_UNFIT');
    const { secret } = await aKey('live', await aPerson('live', 'approver'));
    expect(await call(method.getApproval, { approvalId }, as(secret))).toMatchObject({ requestJson: expect.stringContaining(ref), method: 'vouchsafe.access.v1.AccessService/EraseSubject' });
    await call(method.approve, { approvalId }, as(secret));
    expect((await erase(withApproval, 'sub_other.0')).json.code).toBe('APPROVAL_DIFFERS');
    expect((await erase(withApproval)).status).toBe(200);
    expect(await sides.live.vault.reveal(ref)).toBeUndefined();
    expect((await erase(withApproval)).json.code).toBe('APPROVAL_USED');
  });

  it('are not needed in the sandbox', async () => {
    expect((await http('POST', '/v1/subjects:erase', as(admin.sandbox), '{"subject":"sub_1.0","reason":"x"}')).status).toBe(200);
  });
});

it('every permission a method of access asks for is one that roles can give', () => {
  expect(methodTable([AccessService]).filter(({ permission }) => permission !== '' && !PERMISSIONS.some((known) => known === permission))).toEqual([]);
});
