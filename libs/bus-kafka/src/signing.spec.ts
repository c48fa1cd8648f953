import { ed25519Keys, generateCommandKeys, signed, signerOf } from './signing.js';
import { H, type Incoming, writeCommand } from './wire.js';
import { instant } from '@vouchsafe/kernel';

const TOPIC = 'vouchsafe.live.inventory.commands';
const [orderMaterial, riskMaterial] = generateCommandKeys(['order', 'risk']);
const order = ed25519Keys(orderMaterial!);
const risk = ed25519Keys(riskMaterial!);
const command = writeCommand('order', {
  id: 'cmd-1', target: 'inventory', key: 'pool-1', namespace: 'live', body: { name: 'Commit', data: { quantity: 1 } }, principal: 'pri_x', correlation: 'ord_1', sentAt: instant(0),
}, { replyTo: 'vouchsafe.live.order.replies', ask: 'order-0:1' });
const arrived = (message = signed(order, TOPIC, command), topic = TOPIC): Incoming => ({ ...message, topic, partition: 0, offset: '0' });

describe('a signed command', () => {
  it('names its sender to whoever knows the senders', () => expect(signerOf(risk, arrived())).toBe('order'));

  it('is nobody’s once anything that counts was changed, or it came in another topic', () => {
    const good = arrived();
    const changed: Incoming[] = [
      { ...good, topic: 'vouchsafe.sandbox.inventory.commands' }, { ...good, key: 'pool-2' }, { ...good, value: good.value.replace('1', '1000') },
      ...[H.id, H.source, H.type, H.subject, H.time, H.correlation, H.principal, H.replyTo, H.ask, H.signer, H.keyId, H.signature]
        .map((name) => ({ ...good, headers: { ...good.headers, [name]: `x${good.headers[name]}` } })),
      ...[H.signer, H.keyId, H.signature, H.source].map((name) => ({ ...good, headers: Object.fromEntries(Object.entries(good.headers).filter(([of]) => of !== name)) })),
    ];
    for (const message of changed) expect(signerOf(risk, message)).toBeUndefined();
  });

  it('in another service’s name is nobody’s', () => {
    expect(signerOf(risk, arrived(signed(risk, TOPIC, command)))).toBeUndefined();
    const stranger = ed25519Keys(generateCommandKeys(['order'])[0]!);
    expect(signerOf(risk, arrived(signed(stranger, TOPIC, command)))).toBeUndefined();
  });

  it('counts under an old key and a new one while both are listed', () => {
    const [next] = generateCommandKeys(['order'], '2');
    const publicKeys = { ...orderMaterial!.publicKeys, order: [...orderMaterial!.publicKeys['order']!, ...next!.publicKeys['order']!] };
    const receiver = ed25519Keys({ ...riskMaterial!, publicKeys: { ...riskMaterial!.publicKeys, ...publicKeys } });
    const rotated = ed25519Keys({ ...next!, publicKeys });
    expect(signerOf(receiver, arrived())).toBe('order');
    expect(signerOf(receiver, arrived(signed(rotated, TOPIC, command)))).toBe('order');
    expect(signerOf(risk, arrived(signed(rotated, TOPIC, command)))).toBeUndefined();
  });

  it('is refused from the start by keys that are none, or do not fit', () => {
    const { privateKey } = generateCommandKeys(['order'])[0]!;
    expect(() => ed25519Keys({ ...orderMaterial!, privateKey })).toThrow('private key 1');
    expect(() => ed25519Keys({ ...orderMaterial!, privateKey: { id: '1', pem: 'nonsense' } })).toThrow('no Ed25519 key');
  });
});
