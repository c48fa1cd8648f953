/** An address as four 32-bit words, IPv4 mapped into the last (`::ffff:a.b.c.d` counts as IPv4). */
export type Address = { readonly v4: boolean; readonly words: readonly [number, number, number, number] };

const v4Word = (text: string): number | undefined => {
  let word = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2 && octet >= 0) {
      word = word * 256 + octet;
      octet = -1;
      dots++;
    } else if (digit >= 0 && digit <= 9 && octet !== 0) {
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    } else return undefined;
  }
  return dots === 3 && octet >= 0 ? word * 256 + octet : undefined;
};

const groups = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes('.')) {
      const word = v4Word(part);
      if (word === undefined) return undefined;
      out.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
};

const v6 = (text: string): Address | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [groups(halves[0]!), halves.length === 2 ? groups(halves[1]!) : []];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => ((all[i]! << 16) | all[i + 1]!) >>> 0;
  const words = [word(0), word(2), word(4), word(6)] as const;
  return { v4: words[0] === 0 && words[1] === 0 && words[2] === 0xffff, words };
};

/** Parses an IPv4 or IPv6 address; undefined where the text is none. No leading zeros, no zone. */
export const parseAddress = (text: string): Address | undefined => {
  if (text.includes(':')) return text.length <= 45 ? v6(text) : undefined;
  const word = v4Word(text);
  return word === undefined ? undefined : { v4: true, words: [0, 0, 0xffff, word] };
};

/** Addresses from `first` to `last`, both included. */
export type Range = { readonly v4: boolean; readonly first: Address['words']; readonly last: Address['words']; readonly prefix: number };

/** Parses an address or a CIDR block (bits behind the prefix are ignored); undefined where the text is none. */
export const parseRange = (text: string): Range | undefined => {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  const bits = address.v4 && !text.includes(':') ? 32 : 128;
  const prefix = slash < 0 ? bits : /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1;
  if (prefix < 0 || prefix > bits) return undefined;
  const depth = prefix + (128 - bits);
  const mask = (i: number): number => {
    const kept = Math.min(32, Math.max(0, depth - i * 32));
    return kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0;
  };
  const word = (i: 0 | 1 | 2 | 3, fill: boolean): number => ((address.words[i] & mask(i)) | (fill ? ~mask(i) : 0)) >>> 0;
  return {
    v4: bits === 32 || (address.v4 && depth >= 96), prefix,
    first: [word(0, false), word(1, false), word(2, false), word(3, false)], last: [word(0, true), word(1, true), word(2, true), word(3, true)],
  };
};
