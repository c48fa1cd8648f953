import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { hmacSignature, textToSign } from '@vouchsafe/access';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind } from '@vouchsafe/proto/access/v1/resources';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { grpcPath } from '@vouchsafe/rpc';
import fc from 'fast-check';
import { codesOf, Premises } from './testing/premises.js';
import { overHttp } from './testing/wire.js';

const MUTATIONS = process.env.VOUCHSAFE_LONG === '1' ? 10_000 : 1_000;
const { placeOrder } = OrderService.method;
type Scheme = 'VS-HMAC-SHA256' | 'VS-ED25519';
type Call = { readonly method: string; readonly path: string; readonly query: string; readonly body: Uint8Array };
type Signed = { readonly call: Call; readonly header: string };

describe.each<Scheme>(['VS-HMAC-SHA256', 'VS-ED25519'])('a call signed by %s', (scheme) => {
  let premises: Premises;
  let keyName: string;
  let signText: (text: string) => string;
  const now = (): number => Math.floor(Date.now() / 1000);
  const nonce = (): string => randomBytes(16).toString('base64url');

  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('SIGNED', 50));
    const { principalId } = await premises.wire.get(AccessService.method.getCaller, {}, premises.as('chn_corp'));
    const pair = generateKeyPairSync('ed25519');
    const isHmac = scheme === 'VS-HMAC-SHA256';
    const made = await premises.wire.get(AccessService.method.createCredential, {
      principalId, kind: isHmac ? CredentialKind.HMAC : CredentialKind.ED25519, ...(!isHmac && { publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) }),
    }, premises.as('admin'));
    keyName = made.keyName;
    const privateKey: KeyObject = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    signText = (text) => (isHmac ? hmacSignature(made.secret, text) : sign(null, Buffer.from(text), privateKey).toString('base64url'));
  }, 20_000);
  afterAll(() => premises.close());

  const signed = (call: Call, { ts = now(), of = nonce() }: { readonly ts?: number; readonly of?: string } = {}): Signed => {
    const text = textToSign({ keyName, timestamp: ts, nonce: of }, { ...call, bodySha256: createHash('sha256').update(call.body).digest() });
    return { call, header: `${scheme} key=${keyName}, ts=${ts}, nonce=${of}, sig=${signText(text)}` };
  };
  const bodyOf = (number: string, quantity = 1): Uint8Array => Buffer.from(JSON.stringify({ number, lines: [{ productId: 'prd_video-month', quantity }] }));
  const orderCall = (number: string, quantity = 1): Call => ({ method: 'POST', path: '/v1/orders', query: '', body: bodyOf(number, quantity) });
  const send = async ({ call: { method, path, query, body }, header }: Signed) => {
    const page = await overHttp(premises.platform.http, method, `${path}${query === '' ? '' : `?${query}`}`, { ...(body.length > 0 && { body }), headers: { authorization: header } });
    return { status: page.status, code: String(page.json['code'] ?? ''), json: page.json };
  };
  const orders = async (): Promise<number> => (await premises.events()).filter(({ type }) => type.includes('OrderPlaced') || type.includes('OrderRefused')).length;

  it('goes through, over HTTP and gRPC, and for secrets', async () => {
    const page = await send(signed(orderCall('S-1')));
    expect([page.status, page.json['state']]).toEqual([200, 'ORDER_STATE_COMPLETED']);
    const listed = await send(signed({ method: 'GET', path: '/v1/orders', query: 'pageSize=1&filter=state%20%3D%20COMPLETED', body: new Uint8Array() }));
    expect(listed.status).toBe(200);
    const bytes = toBinary(placeOrder.input, create(placeOrder.input, { number: 'S-2', lines: [{ productId: 'prd_video-month', quantity: 1 }] }));
    const told = await premises.wire.send(placeOrder, [bytes], { authorization: signed({ method: 'POST', path: grpcPath(placeOrder), query: '', body: bytes }).header });
    expect((told.answers[0] as Order).state).toBe(OrderState.COMPLETED);
    const { discloseSecrets } = FulfillmentService.method;
    const wanted = toBinary(discloseSecrets.input, create(discloseSecrets.input, { orderId: (told.answers[0] as Order).orderId }));
    const secrets = await premises.wire.send(discloseSecrets, [wanted], { authorization: signed({ method: 'POST', path: grpcPath(discloseSecrets), query: '', body: wanted }).header });
    expect(secrets.json).toContain('SIGNED-');
  });

  it('counts once: sent again, or fifty times at once, it is refused', async () => {
    const once = signed(orderCall('S-3'));
    expect((await send(once)).status).toBe(200);
    expect([(await send(once)).code, (await send(once)).status]).toEqual(['NONCE_REUSED', 401]);
    const race = signed(orderCall('S-4'));
    const codes = (await Promise.all(Array.from({ length: 50 }, () => send(race)))).map(({ code }) => code);
    expect([codes.filter((code) => code === '').length, codes.filter((code) => code === 'NONCE_REUSED').length]).toEqual([1, 49]);
    // Neither another body under the same nonce.
    expect((await send(signed(orderCall('S-5'), { of: 'the-same-nonce-1234' }))).status).toBe(200);
    expect((await send(signed(orderCall('S-6'), { of: 'the-same-nonce-1234' }))).code).toBe('NONCE_REUSED');
  });

  it('is remembered across a restart', async () => {
    const once = signed(orderCall('S-7'));
    expect((await send(once)).status).toBe(200);
    await premises.restart();
    expect((await send(once)).code).toBe('NONCE_REUSED');
  });

  it('is good for three hundred seconds around its time and not one more', async () => {
    for (const [off, code] of [[-301, 'TIMESTAMP_SKEWED'], [302, 'TIMESTAMP_SKEWED'], [-86_400, 'TIMESTAMP_SKEWED'], [-297, ''], [298, '']] as const) {
      expect([off, (await send(signed(orderCall(`T${off}`), { ts: now() + off }))).code]).toEqual([off, code]);
    }
    for (const ts of [0, 999_999_999_999]) expect((await send(signed(orderCall('T-x'), { ts }))).code).toBe('TIMESTAMP_SKEWED');
  });

  it('is refused with anything of it changed, a thousand times of a thousand', async () => {
    const before = await orders();
    const pick = fc.sample(mutation, { numRuns: MUTATIONS, seed: 20_261_124 });
    const through: string[] = [];
    const codes = new Map<string, number>();
    for (let i = 0; i < pick.length; i += 50) {
      await Promise.all(pick.slice(i, i + 50).map(async (mutate, k) => {
        const good = signed(orderCall(`M-${i + k}`));
        const changed = mutate(good);
        if (JSON.stringify([changed.header, changed.call.method, changed.call.path, changed.call.query, Buffer.from(changed.call.body).toString('hex')]) === JSON.stringify([good.header, good.call.method, good.call.path, good.call.query, Buffer.from(good.call.body).toString('hex')])) return;
        const { status, code, json } = await send(changed).catch(() => ({ status: 400, code: 'UNSENDABLE', json: {} }));
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (status < 400) through.push(JSON.stringify([changed.header, json]));
      }));
    }
    expect(through).toEqual([]);
    expect(await orders()).toBe(before);
    expect((codes.get('SIGNATURE_INVALID') ?? 0)).toBeGreaterThan(MUTATIONS / 4);
  }, process.env.VOUCHSAFE_LONG === '1' ? 300_000 : 30_000);

  it('is nobody else’s: neither with the other scheme’s name nor with another’s key', async () => {
    const good = signed(orderCall('S-9'));
    const other = scheme === 'VS-ED25519' ? 'VS-HMAC-SHA256' : 'VS-ED25519';
    expect((await send({ ...good, header: good.header.replace(scheme, other) })).code).toBe('SIGNATURE_INVALID');
    const bearer = premises.keys.get('chn_corp')!;
    expect((await send({ ...good, header: good.header.replace(keyName, bearer.slice(0, bearer.lastIndexOf('_'))) })).code).toMatch(/SIGNATURE_INVALID|CREDENTIAL_INVALID/);
    expect((await send({ ...good, header: `Bearer ${keyName}_${'A'.repeat(43)}` })).code).toBe('CREDENTIAL_INVALID');
    expect((await send(good)).status).toBe(200);
  });
});

/** One thing about a signed call changed. */
const mutation: fc.Arbitrary<(good: Signed) => Signed> = fc.oneof(
  fc.tuple(fc.nat(10_000), fc.nat(7)).map(([at, bit]) => ({ call, header }: Signed) => {
    const body = Uint8Array.from(call.body);
    const i = at % body.length;
    body[i] = body[i]! ^ (1 << bit);
    return { header, call: { ...call, body } };
  }),
  fc.constantFrom(' ', '\n', '{}', '\u0000').map((more) => ({ call, header }: Signed) => ({ header, call: { ...call, body: Buffer.concat([call.body, Buffer.from(more)]) } })),
  fc.nat(100_000).map((at) => ({ call, header }: Signed) => ({ call, header: flipped(header, at) })),
  fc.nat(100_000).map((at) => ({ call, header }: Signed) => ({ call, header: header.replace(/sig=(.*)$/, (_, sig: string) => `sig=${flipped(sig, at)}`) })),
  fc.integer({ min: 1, max: 290 }).map((off) => ({ call, header }: Signed) => ({ call, header: header.replace(/ts=(\d+)/, (_, ts: string) => `ts=${Number(ts) + off}`) })),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 64 }).map((of) => ({ call, header }: Signed) => ({ call, header: header.replace(/nonce=[^,]+/, `nonce=${of}`) })),
  fc.constantFrom('a=1', 'validateOnly=true', 'number=x', '&').map((query) => ({ call, header }: Signed) => ({ header, call: { ...call, query } })),
  fc.constantFrom('/v1/orders:batchPlace', '/v1/prices:quote', '/v1/orders/', '/sandbox/v1/orders', '/v1//orders').map((path) => ({ call, header }: Signed) => ({ header, call: { ...call, path } })),
  fc.constantFrom('PUT', 'PATCH', 'DELETE').map((method) => ({ call, header }: Signed) => ({ header, call: { ...call, method } })),
  fc.constantFrom(', x=1', ', sig=AAAA', ',').map((more) => ({ call, header }: Signed) => ({ call, header: header + more })),
  fc.integer({ min: 1, max: 60 }).map((less) => ({ call, header }: Signed) => ({ call, header: header.slice(0, -less) })),
);
const flipped = (text: string, at: number): string => {
  const i = at % text.length;
  const other = text[i] === 'A' ? 'B' : 'A';
  return `${text.slice(0, i)}${other}${text.slice(i + 1)}`;
};
