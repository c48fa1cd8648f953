import { createPublicKey, sign } from 'node:crypto';
import { instant } from '@vouchsafe/kernel';
import type { Caller } from '@vouchsafe/rpc';
import { serviceCaller } from '@vouchsafe/rpc';
import fc from 'fast-check';
import { newSigningKey, TOKEN_LIFE_MS, tokenIssuer, tokenVerifier, type TrustedKey } from './index.js';
import { keyIdOf, signToken } from './token.js';

const CHANNEL: Caller = { principalId: 'pri_shop', kind: 'channel', namespace: 'live', channelId: 'chn_shop', credentialId: 'crd_1', permissions: new Set(['order:place']) };

/** A gateway that mints, an order service that verifies, and a clock to turn. */
const house = () => {
  const time = { at: 1_767_225_600_000 };
  const clock = { now: () => instant(time.at) };
  let key = newSigningKey();
  let trusted = new Map<string, TrustedKey>([[keyIdOf(key.publicKey), { issuer: 'gateway', key: key.publicKey }]]);
  return {
    clock, time, gateway: tokenIssuer('gateway', clock, () => key.privateKey),
    order: tokenVerifier({ audience: 'order', namespace: 'live', clock, trusted: () => trusted }),
    trusted: () => trusted, trust: (next: Map<string, TrustedKey>) => void (trusted = next), signWith: (next: typeof key) => void (key = next), key: () => key,
  };
};

it('brings the caller across as he is, and his approval', () => {
  const { gateway, order } = house();
  expect(order.verify(gateway.mint(CHANNEL, 'order'))).toMatchObject({ ok: true, caller: CHANNEL, issuer: 'gateway' });
  const terminal: Caller = { principalId: 'pri_till', kind: 'terminal', namespace: 'live', terminalId: 'trm_1', permissions: new Set() };
  expect(order.verify(gateway.mint(terminal, 'order', 'apv_9'))).toMatchObject({ ok: true, caller: terminal, approvalId: 'apv_9' });
});

it('may be shown again and again for a minute, and not after it', () => {
  const { gateway, order, time } = house();
  const token = gateway.mint(CHANNEL, 'order');
  expect(order.verify(token).ok).toBe(true);
  time.at += TOKEN_LIFE_MS - 1;
  expect(order.verify(token).ok).toBe(true);
  time.at += 10_000;
  expect(order.verify(token)).toEqual({ ok: false, reason: 'EXPIRED' });
  time.at -= 90_000;
  expect(order.verify(token)).toEqual({ ok: false, reason: 'NOT_YET_VALID' });
});

it('is minted anew when half of its life is over, or when the caller has other rights than before', () => {
  const { gateway, time } = house();
  const first = gateway.mint(CHANNEL, 'order');
  time.at += 29_000;
  expect(gateway.mint({ ...CHANNEL, permissions: new Set(CHANNEL.permissions) }, 'order')).toBe(first);
  expect(gateway.mint({ ...CHANNEL, permissions: new Set(['order:read']) }, 'order')).not.toBe(first);
  time.at += 2_000;
  expect(gateway.mint(CHANNEL, 'order')).not.toBe(first);
});

it('is taken by nobody else, nor in the other namespace', () => {
  const { gateway, order } = house();
  expect(order.verify(gateway.mint(CHANNEL, 'ledger'))).toEqual({ ok: false, reason: 'AUDIENCE_WRONG' });
  expect(order.verify(gateway.mint({ ...CHANNEL, namespace: 'sandbox' }, 'order'))).toEqual({ ok: false, reason: 'NAMESPACE_WRONG' });
  expect(order.verify('')).toEqual({ ok: false, reason: 'MISSING' });
});

it('with anything changed in it is refused, wherever the change is', () => {
  const { gateway, order } = house();
  const token = gateway.mint(CHANNEL, 'order');
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
  fc.assert(fc.property(fc.nat(token.length - 1), fc.constantFrom(...letters), (at, letter) => {
    fc.pre(token[at] !== letter);
    expect(order.verify(token.slice(0, at) + letter + token.slice(at + 1)).ok).toBe(false);
  }), { numRuns: 500 });
  expect(order.verify(`${token}A`).ok).toBe(false);
  expect(order.verify(token.slice(0, -1)).ok).toBe(false);
});

it('without a signature, or by an unknown key, is nothing', () => {
  const { gateway, order } = house();
  const [, body] = gateway.mint(CHANNEL, 'order').split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  expect(order.verify(`${none}.${body}.`)).toEqual({ ok: false, reason: 'MALFORMED' });
  expect(order.verify(`${none}.${body}.AAAA`)).toEqual({ ok: false, reason: 'MALFORMED' });
  const stranger = newSigningKey();
  expect(order.verify(tokenIssuer('gateway', { now: () => instant(1_767_225_600_000) }, () => stranger.privateKey).mint(CHANNEL, 'order'))).toEqual({ ok: false, reason: 'KEY_UNKNOWN' });
});

it('that a stranger signs under the id of a trusted key is refused', () => {
  const { order, key, clock } = house();
  const stranger = newSigningKey();
  const [head, body] = tokenIssuer('gateway', clock, () => key().privateKey).mint(CHANNEL, 'order').split('.');
  expect(order.verify(`${head}.${body}.${sign(null, Buffer.from(`${head}.${body}`), stranger.privateKey).toString('base64url')}`)).toEqual({ ok: false, reason: 'SIGNATURE_WRONG' });
});

it('cannot be made to live longer, nor in the name of another issuer', () => {
  const { order, key, time } = house();
  const kid = keyIdOf(createPublicKey(key().privateKey));
  const claims = { iss: 'gateway', aud: 'order', iat: time.at / 1000, exp: time.at / 1000 + 3_600, sub: 'pri_x', kind: 'person', ns: 'live', prm: [] } as const;
  expect(order.verify(signToken(claims, key().privateKey, kid))).toEqual({ ok: false, reason: 'LIFE_TOO_LONG' });
  expect(order.verify(signToken({ ...claims, exp: claims.iat + 60, iss: 'ledger' }, key().privateKey, kid))).toEqual({ ok: false, reason: 'ISSUER_WRONG' });
});

it('lets a service speak for itself and for callers it carries on, never as another service', () => {
  const { gateway, order, trusted, trust, clock } = house();
  const ledger = newSigningKey();
  trust(new Map([...trusted(), [keyIdOf(ledger.publicKey), { issuer: 'ledger', key: ledger.publicKey }]]));
  const ofLedger = tokenIssuer('ledger', clock, () => ledger.privateKey);
  expect(order.verify(ofLedger.mint(serviceCaller('ledger', 'live'), 'order'))).toMatchObject({ ok: true, issuer: 'ledger', caller: { principalId: 'svc_ledger' } });
  expect(order.verify(ofLedger.mint(CHANNEL, 'order')).ok).toBe(true);
  expect(order.verify(ofLedger.mint(serviceCaller('inventory', 'live'), 'order'))).toEqual({ ok: false, reason: 'BEYOND_ITSELF' });
  expect(order.verify(gateway.mint({ ...CHANNEL, permissions: new Set(['internal']) }, 'order'))).toEqual({ ok: false, reason: 'BEYOND_ITSELF' });
});

it('is bound to the process that shows it, where connections prove who that is', () => {
  const { gateway, order } = house();
  const token = gateway.mint(CHANNEL, 'order');
  expect(order.verify(token, ['gateway', 'gateway.shop.svc']).ok).toBe(true);
  expect(order.verify(token, ['risk'])).toEqual({ ok: false, reason: 'PEER_WRONG' });
  expect(order.verify(token, [])).toEqual({ ok: false, reason: 'PEER_WRONG' });
});

it('outlives a rotation of keys, until the old key is taken away', () => {
  const { gateway, order, key, signWith, trust } = house();
  const before = gateway.mint(CHANNEL, 'order');
  const [old, next] = [key(), newSigningKey()];
  const entry = (of: typeof old): [string, TrustedKey] => [keyIdOf(of.publicKey), { issuer: 'gateway', key: of.publicKey }];
  trust(new Map([entry(old), entry(next)]));
  signWith(next);
  const after = gateway.mint(CHANNEL, 'order');
  expect(after).not.toBe(before);
  expect([order.verify(before).ok, order.verify(after).ok]).toEqual([true, true]);
  trust(new Map([entry(next)]));
  expect(order.verify(before)).toEqual({ ok: false, reason: 'KEY_UNKNOWN' });
  expect(order.verify(after).ok).toBe(true);
});
