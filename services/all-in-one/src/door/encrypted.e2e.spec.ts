import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { AccessService, type RegisterEncryptionKeyRequestSchema } from '@vouchsafe/proto/access/v1/access';
import { EncryptionKey_State } from '@vouchsafe/proto/access/v1/resources';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { openJwe } from './testing/open-jwe.js';
import { codesOf, Premises } from './testing/premises.js';
import type { Told } from './testing/wire.js';

const { registerEncryptionKey, listEncryptionKeys, revokeEncryptionKey } = AccessService.method;
const { discloseSecrets, breakGlassDisclose } = FulfillmentService.method;
const pemOf = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }).toString();
const jwkOf = (key: KeyObject): string => JSON.stringify(key.export({ format: 'jwk' }));

describe('a channel with a public key', () => {
  const first = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const second = generateKeyPairSync('x25519');
  let premises: Premises;
  let firstId: string;
  let n = 0;
  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('JWE', 600));
  }, 20_000);
  afterAll(() => premises.close());

  const buy = async (channel: string, quantity: number): Promise<string> => {
    const order = await premises.order(channel, { number: `E-${++n}`, lines: [{ productId: 'prd_video-month', quantity }] });
    expect(order.state).toBe(OrderState.COMPLETED);
    return order.orderId;
  };
  const disclosed = (orderId: string, who: string): Promise<Told> => premises.wire.ask(discloseSecrets, [{ orderId }], premises.as(who));
  /** What is in the envelopes, which is all that is told. */
  const opened = (told: Told, key: KeyObject): readonly { readonly code: string; readonly voucherId: string }[] => {
    expect([told.code, told.json.includes('JWE-0')]).toEqual(['', false]);
    const pieces = JSON.parse(told.json) as readonly { jwe: string; secrets: unknown[] }[];
    expect(pieces.filter(({ secrets, jwe }) => secrets.length > 0 || jwe === '')).toEqual([]);
    return pieces.flatMap(({ jwe }) => (JSON.parse(openJwe(jwe, key).text) as { secrets: { code: string; voucherId: string }[] }).secrets);
  };
  const register = (who: string, request: MessageInitShape<typeof RegisterEncryptionKeyRequestSchema>): Promise<Told> => premises.wire.ask(registerEncryptionKey, [request], premises.as(who));

  it('registers the first one itself, dry at first, and again without effect', async () => {
    const dry = await register('chn_corp', { key: { case: 'pem', value: pemOf(first.publicKey) }, validateOnly: true });
    expect(dry.code).toBe('');
    expect(await premises.wire.get(listEncryptionKeys, { channelId: 'chn_corp' }, premises.as('chn_corp'))).toMatchObject({ keys: [], encryptedOnly: false });
    const request = { key: { case: 'pem' as const, value: pemOf(first.publicKey) }, label: 'hsm 1', requestId: 'k-1' };
    const key = await premises.wire.get(registerEncryptionKey, request, premises.as('chn_corp'));
    expect(key).toMatchObject({ channelId: 'chn_corp', algorithm: 'RSA-OAEP-256', state: EncryptionKey_State.LIVE, label: 'hsm 1' });
    expect((await premises.wire.get(registerEncryptionKey, request, premises.as('chn_corp'))).keyId).toBe(key.keyId);
    firstId = key.keyId;
  });

  it('reads its secrets with the private key, and nothing is told in plain: in pieces, in PlaceOrder, over HTTP', async () => {
    const orderId = await buy('chn_corp', 20);
    const told = await disclosed(orderId, 'chn_corp');
    const codes = opened(told, first.privateKey).map(({ code }) => code);
    expect(new Set(codes).size).toBe(20);
    expect(codes.every((code) => code.startsWith('JWE-0'))).toBe(true);
    expect(openJwe((JSON.parse(told.json) as { jwe: string }[])[0]!.jwe, first.privateKey).header).toMatchObject({ kid: firstId, enc: 'A256GCM' });
    const placed = await premises.wire.ask(OrderService.method.placeOrder, [{ number: 'E-with', lines: [{ productId: 'prd_video-month', quantity: 2 }], includeSecrets: true, waitMs: 5_000 }], premises.as('chn_corp'));
    const { secrets } = placed.answers[0] as Order & { secrets: readonly { jwe: string; secrets: readonly unknown[] }[] };
    expect(placed.json).not.toContain('JWE-0');
    expect(secrets.flatMap(({ jwe }) => (JSON.parse(openJwe(jwe, first.privateKey).text) as { secrets: unknown[] }).secrets)).toHaveLength(2);
    const page = await premises.http('POST', `/v1/orders/${orderId}:disclose`, 'chn_corp', { body: {} });
    expect([page.status, page.text.includes('JWE-0'), page.text.includes('"jwe":"ey'), page.headers.get('cache-control')]).toEqual([200, false, true, 'no-store']);
  });

  it('changes nothing for other channels', async () => {
    expect((await premises.disclose('chn_dist', await buy('chn_dist', 1)))[0]?.code).toMatch(/^JWE-0/);
  });

  it('cannot have it swapped by whoever stole its credential, nor be spoken for by another channel', async () => {
    const thief = { key: { case: 'jwk' as const, value: jwkOf(second.publicKey) } };
    expect((await register('chn_corp', thief)).code).toBe('ENCRYPTION_KEY_BY_STAFF');
    expect((await premises.wire.ask(revokeEncryptionKey, [{ channelId: 'chn_corp', keyId: firstId, plainAgain: true }], premises.as('chn_corp'))).status).toBe(7);
    const foreign = await register('chn_dist', { ...thief, channelId: 'chn_corp' });
    expect([foreign.code, foreign.text]).toEqual([(await register('chn_dist', { ...thief, channelId: 'chn_nobody' })).code, (await register('chn_dist', { ...thief, channelId: 'chn_nobody' })).text]);
    const listed = (channelId: string) => premises.wire.ask(listEncryptionKeys, [{ channelId }], premises.as('chn_dist'));
    expect([(await listed('chn_corp')).code, (await listed('chn_nobody')).code]).toEqual(['ENCRYPTION_CHANNEL_UNKNOWN', 'ENCRYPTION_CHANNEL_UNKNOWN']);
  });

  it('has it rotated by staff without a gap, in two keys at most', async () => {
    const orderId = await buy('chn_corp', 3);
    const { keyId } = await premises.wire.get(registerEncryptionKey, { channelId: 'chn_corp', key: { case: 'jwk', value: jwkOf(second.publicKey) } }, premises.as('admin'));
    expect(opened(await disclosed(orderId, 'chn_corp'), second.privateKey)).toHaveLength(3);
    const third = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect((await register('admin', { channelId: 'chn_corp', key: { case: 'pem', value: pemOf(third.publicKey) } })).code).toBe('ENCRYPTION_KEYS_TOO_MANY');
    await premises.wire.get(revokeEncryptionKey, { channelId: 'chn_corp', keyId: firstId, reason: 'rotated' }, premises.as('admin'));
    const { keys } = await premises.wire.get(listEncryptionKeys, { channelId: 'chn_corp' }, premises.as('chn_corp'));
    expect(keys.map((key) => [key.keyId, key.state])).toEqual([[keyId, EncryptionKey_State.LIVE], [firstId, EncryptionKey_State.REVOKED]]);
    await premises.restart();
    expect(opened(await disclosed(orderId, 'chn_corp'), second.privateKey)).toHaveLength(3);
  }, 20_000);

  it('gets nothing rather than plain text when its last key is revoked, and no disclosure is counted', async () => {
    const orderId = await buy('chn_corp', 2);
    const { keys } = await premises.wire.get(listEncryptionKeys, { channelId: 'chn_corp' }, premises.as('chn_corp'));
    const [live] = keys.filter(({ state }) => state === EncryptionKey_State.LIVE);
    await premises.wire.get(revokeEncryptionKey, { channelId: 'chn_corp', keyId: live!.keyId, reason: 'lost' }, premises.as('admin'));
    const counted = async (): Promise<number> => (await premises.events()).filter(({ type }) => type.includes('UnitsDisclosed')).length;
    const before = await counted();
    const refused = await disclosed(orderId, 'chn_corp');
    expect([refused.status, refused.code, await counted()]).toEqual([9, 'ENCRYPTION_KEY_MISSING', before]);
    await premises.wire.get(revokeEncryptionKey, { channelId: 'chn_corp', keyId: live!.keyId, plainAgain: true, reason: 'agreed with the channel' }, premises.as('admin'));
    expect(await premises.disclose('chn_corp', orderId)).toHaveLength(2);
  });

  it('is read in plain by staff in an emergency, for they are not the channel', async () => {
    await register('chn_dist', { key: { case: 'pem', value: pemOf(first.publicKey) } });
    const orderId = await buy('chn_dist', 1);
    opened(await disclosed(orderId, 'chn_dist'), first.privateKey);
    await premises.hire('custodian', { roles: ['custodian'] });
    const told = await premises.wire.all(breakGlassDisclose, { orderId, reason: 'the channel lost its key' }, premises.as('custodian'));
    expect(told.flatMap(({ secrets }) => secrets.map(({ code }) => code))[0]).toMatch(/^JWE-0/);
  });

  it.each([
    ['a private key as PEM', { pem: first.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() }, '/pem', 'ENCRYPTION_KEY_INVALID', 'private'],
    ['a private key as JWK', { jwk: jwkOf(second.privateKey) }, '/jwk', 'ENCRYPTION_KEY_INVALID', 'private'],
    ['a short key', { pem: pemOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey) }, '/pem', 'ENCRYPTION_KEY_INVALID', 'bits'],
    ['a key to sign with', { pem: pemOf(generateKeyPairSync('ed25519').publicKey) }, '/pem', 'ENCRYPTION_KEY_INVALID', 'X25519'],
    ['no key at all', { jwk: '{"kty":"RSA","n":"evil' }, '/jwk', 'ENCRYPTION_KEY_INVALID', '8 KiB'],
    ['nothing', {}, '/jwk', 'FIELD_REQUIRED', 'needed'],
  ])('is refused with %s, told where and why in two languages, and never quoted', async (_what, body, pointer, code, why) => {
    const page = await premises.http('POST', '/v1/channels/chn_app/encryptionKeys', 'chn_app', { body });
    const [field] = (page.json as { errors: readonly { pointer: string; code: string; zh: string; en: string }[] }).errors;
    expect([page.status, field?.pointer, field?.code]).toEqual([400, pointer, code]);
    expect([field?.en, field?.zh]).toEqual([expect.stringContaining(why), expect.stringMatching(/[一-鿿]/)]);
    for (const value of Object.values(body)) expect(page.text).not.toContain(String(value).slice(30, 60).replaceAll('\n', '') || 'evil');
  });

  it('leaves nothing private and no secret in the log', async () => {
    const log = JSON.stringify((await premises.events()).map(({ data }) => data));
    expect(log).toContain(firstId);
    expect(log).not.toMatch(/PRIVATE|"d":|\\"d\\":|JWE-0/);
  });
});
