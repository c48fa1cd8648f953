import fc from 'fast-check';
import { isAllowed, parseAddress, parseNetwork } from './network.js';

describe('an allow-list', () => {
  it.each([
    ['203.0.113.7', ['203.0.113.0/24'], true], ['203.0.114.7', ['203.0.113.0/24'], false], ['203.0.113.7', ['203.0.113.7'], true],
    ['::ffff:203.0.113.7', ['203.0.113.0/24'], true], ['2001:db8::1', ['2001:db8::/32'], true], ['2001:db9::1', ['2001:db8::/32'], false],
    ['10.0.0.1', ['0.0.0.0/0'], true], ['10.0.0.1', ['::/0'], false], ['fe80::1%eth0', ['fe80::/10'], true], ['10.0.0.1', [], true], ['garbage', ['0.0.0.0/0'], false],
  ])('%s in %p: %p', (address, networks, allowed) => expect(isAllowed(address, networks)).toBe(allowed));

  it.each(['203.0.113.1/24', '203.0.113.0/33', '1.2.3', '1.2.3.256', '::1::2', '2001:db8::/129', '1.2.3.4/', '', ':::', '1:2:3:4:5:6:7:8:9', '2001:db8::g'])('refuses %p as a network', (text) =>
    expect(parseNetwork(text)).toBeUndefined());

  it('reads what it is told, in any writing', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => parseAddress(text)?.value === text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)));
    fc.assert(fc.property(fc.ipV6(), (text) => parseAddress(text) !== undefined));
  });
});
