import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { entriesIn, ListMemory } from '../list-memory.js';
import { linesOf } from '../list-files.js';
import { parseAddress, parseRange } from './address.js';
import { RangeTable } from './range-table.js';
import { Map as ImmutableMap } from 'immutable';

const SHARED = process.env['VOUCHSAFE_SHARED'] ?? path.resolve(__dirname, '../../../../../../shared');
const FOLDER = path.join(SHARED, 'data/ipintel');

describe('an address', () => {
  it.each([
    ['1.2.3.4', [0, 0, 0xffff, 0x01020304]], ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]], ['0.0.0.0', [0, 0, 0xffff, 0]],
    ['::', [0, 0, 0, 0]], ['::1', [0, 0, 0, 1]], ['2001:db8::ff', [0x20010db8, 0, 0, 0xff]], ['::ffff:1.2.3.4', [0, 0, 0xffff, 0x01020304]],
    ['1:2:3:4:5:6:7:8', [0x00010002, 0x00030004, 0x00050006, 0x00070008]], ['fe80::', [0xfe800000, 0, 0, 0]],
  ])('%s is read', (text, words) => expect(parseAddress(text)?.words).toEqual(words));
  it.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', 'a.b.c.d', '1..2.3', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::g', 'fe80::1%eth0', '-1.2.3.4', '1.2.3.4/24'])(
    '%j is none', (text) => expect(parseAddress(text)).toBeUndefined());
  it('is in a block exactly if its prefix says so', () => {
    fc.assert(fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (base, prefix, other) => {
      const table = new RangeTable([parseRange(`${base}/${prefix}`)!]);
      const word = (text: string): number => parseAddress(text)!.words[3];
      const same = prefix === 0 || word(base) >>> (32 - prefix) === word(other) >>> (32 - prefix);
      return table.has(parseAddress(other)!) === same && table.has(parseAddress(base)!);
    }));
    expect(['1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/', '::/129', 'x/8'].map((text) => parseRange(text))).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

it('holds a set of blocks, IPv4 and IPv6, overlapping or not, as a list of them would', () => {
  const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 })).map(([ip, prefix]) => `${ip}/${prefix}`);
  const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 })).map(([ip, prefix]) => `${ip}/${prefix}`).filter((text) => parseRange(text) !== undefined);
  fc.assert(fc.property(fc.array(fc.oneof(v4, v6), { maxLength: 40 }), fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 20 }), (blocks, probes) => {
    const ranges = blocks.map((text) => parseRange(text)!);
    const table = new RangeTable(ranges);
    const firsts = ranges.map(({ first, v4: four }) => ({ v4: four, words: first }));
    const asked = [...probes.flatMap((text) => parseAddress(text) ?? []), ...firsts];
    return asked.every((address) => table.has(address) === ranges.some((range) => new RangeTable([range]).has(address)));
  }));
});

const data = existsSync(FOLDER) ? it : it.skip;
if (!existsSync(FOLDER)) process.stdout.write('skipped: the network lists are not here (VOUCHSAFE_SHARED)\n');

data('looks an address up in 42,566 + 10,862 blocks and 5,631 Tor nodes in less than 5 µs, Tor before datacenter before VPN', () => {
  const memory = new ListMemory();
  const load = (id: string, network: string, ...files: readonly string[]): number => {
    const bytes = Buffer.concat(files.flatMap((file) => [readFileSync(path.join(FOLDER, file)), Buffer.from('\n')]));
    const entries = entriesIn('ip', linesOf(bytes));
    expect(entries.refused).toEqual([]);
    memory.keepFile(id, entries);
    memory.put({ head: { id, zh: id, en: id, subject: 'ip', purpose: 'network', network }, entries: ImmutableMap(), file: { sha256: id, name: id, entries: entries.size } });
    return entries.size;
  };
  const sizes = [
    load('lis_vpn', 'vpn', 'x4bnet_vpn_ipv4.txt', 'x4bnet_vpn_ipv6.txt'), load('lis_dc', 'datacenter', 'x4bnet_datacenter_ipv4.txt', 'x4bnet_datacenter_ipv6.txt'),
    load('lis_tor', 'tor', 'tor_nodes.lst'),
  ];
  expect(sizes).toEqual([10_862 + 498, 42_566 + 8_752, expect.any(Number)]);
  const nodes = linesOf(readFileSync(path.join(FOLDER, 'tor_nodes.lst'))).filter((line) => line !== '');
  for (const node of nodes) expect(memory.networkOf(parseAddress(node))).toBe('tor');
  // 2.26.157.0/24 stands in both lists: datacenter comes first.
  expect(['1.12.0.1', '2.26.157.9', '2001:310::5', '192.168.0.1'].map((ip) => memory.networkOf(parseAddress(ip)))).toEqual(['datacenter', 'datacenter', 'datacenter', 'other']);
  const vpns = linesOf(readFileSync(path.join(FOLDER, 'x4bnet_vpn_ipv4.txt'))).filter((line) => line !== '').map((line) => memory.networkOf(parseAddress(line.split('/')[0]!)));
  expect([...new Set(vpns)].sort()).toEqual(['datacenter', 'tor', 'vpn']);
  const probes = Array.from({ length: 4_096 }, (_, i) => (i % 8 === 7 ? `2001:${(i % 4000).toString(16)}::${i.toString(16)}` : `${(i * 7) % 224}.${(i * 13) % 256}.${(i * 31) % 256}.${i % 256}`));
  const each = Math.min(...Array.from({ length: 10 }, () => {
    const from = performance.now();
    for (const probe of probes) memory.networkOf(parseAddress(probe));
    return ((performance.now() - from) * 1000) / probes.length;
  }));
  process.stdout.write(`network of an address: ${each.toFixed(2)} µs, parsing included\n`);
});
