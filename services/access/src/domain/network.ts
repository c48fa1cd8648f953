/** An address as a number of 32 or 128 bits. */
export type Address = { readonly bits: 32 | 128; readonly value: bigint };
export type Network = { readonly bits: 32 | 128; readonly from: bigint; readonly prefix: number };

/** Reads an IPv4 or IPv6 address; undefined if it is none. IPv4 within IPv6 (`::ffff:1.2.3.4`) is IPv4. */
export const parseAddress = (text: string): Address | undefined => {
  const bare = text.split('%')[0]!;
  if (!bare.includes(':')) return parseV4(bare);
  const value = parseV6(bare);
  if (value === undefined) return undefined;
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
};

const parseV4 = (text: string): Address | undefined => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return { bits: 32, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
};

const GROUPS = 8;
const parseV6 = (text: string): bigint | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<bigint>(missing).fill(0n), ...(tail ?? [])].reduce((sum, group) => (sum << 16n) | group, 0n);
};
const groupsOf = (text: string): readonly bigint[] | undefined => {
  const groups: bigint[] = [];
  if (text === '') return groups;
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 ? parseV4(part) : undefined;
    if (v4) groups.push(v4.value >> 16n, v4.value & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
};

/** Reads `203.0.113.0/24`, `2001:db8::/32` or a single address; undefined if it is none, or has bits beyond its prefix. */
export const parseNetwork = (text: string): Network | undefined => {
  const [address, length, more] = text.split('/');
  const parsed = parseAddress(address ?? '');
  if (!parsed || more !== undefined) return undefined;
  const prefix = length === undefined ? parsed.bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (prefix < 0 || prefix > parsed.bits) return undefined;
  const rest = BigInt(parsed.bits - prefix);
  return (parsed.value >> rest) << rest === parsed.value ? { bits: parsed.bits, from: parsed.value, prefix } : undefined;
};

export const isWithin = ({ bits, value }: Address, network: Network): boolean => {
  const rest = BigInt(network.bits - network.prefix);
  return bits === network.bits && value >> rest === network.from >> rest;
};

/** Whether an address may use what is allowed to these networks; none named = everybody. An address nobody can read may not. */
export const isAllowed = (address: string, networks: readonly string[]): boolean => {
  if (networks.length === 0) return true;
  const parsed = parseAddress(address);
  return parsed !== undefined && networks.some((text) => {
    const network = parseNetwork(text);
    return network !== undefined && isWithin(parsed, network);
  });
};
