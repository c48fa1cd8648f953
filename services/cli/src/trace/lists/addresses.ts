import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Lines of a list file that say something. */
const linesIn = (file: string): readonly string[] => readFileSync(file, 'utf8').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
type Block = { readonly first: number; readonly last: number; readonly text: string };
const blocksIn = (file: string): readonly Block[] =>
  linesIn(file).map((text) => {
    const [base = '', prefix = '32'] = text.split('/');
    const first = numberOf(base);
    return { text: base, first, last: first + 2 ** (32 - Number(prefix)) - 1 };
  });
const overlaps = (block: Block, others: readonly Block[]): boolean => others.some(({ first, last }) => first <= block.last && last >= block.first);

/** One address of each kind, picked out of the files: the first that stands on its list and on no list that counts before it. */
export type Addresses = { readonly tor: string; readonly tor6: string; readonly datacenter: string; readonly vpn: string; readonly other: string };
export const pickAddresses = (folder: string): Addresses => {
  const file = (name: string): string => path.join(folder, name);
  const tor = linesIn(file('tor_nodes.lst'));
  const tor4 = tor.filter((line) => !line.includes(':')).map((text): Block => ({ text, first: numberOf(text), last: numberOf(text) }));
  const datacenter = blocksIn(file('x4bnet_datacenter_ipv4.txt'));
  const vpn = blocksIn(file('x4bnet_vpn_ipv4.txt'));
  const found = (blocks: readonly Block[], before: readonly Block[]): string => blocks.find((block) => !overlaps(block, before))?.text ?? '';
  return {
    tor: tor4[0]?.text ?? '', tor6: tor.find((line) => line.includes(':')) ?? '', datacenter: found(datacenter, tor4), vpn: found(vpn, [...tor4, ...datacenter]),
    other: '203.0.113.9', // set aside for documents (RFC 5737): on no list
  };
};
