/** A party, channel or product as the windows know it: 53 bits of a hash of its token. Tokens are keyed hashes already, so nobody can aim at a collision. */
export type Key = number;

const { imul, floor } = Math;
const PRIME = 0x01000193;
const OTHER_PRIME = 0x85ebca6b;
const HIGH_BITS = 0x1fffff;
const join = (high: number, low: number): Key => (high & HIGH_BITS) * 2 ** 32 + (low >>> 0);

/** Two 32-bit hashes (FNV-1a and a relative) in one pass. */
const low = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
};
const high = (text: string): number => {
  let hash = 0x9747b28c;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), OTHER_PRIME) ^ (hash >>> 13);
  return hash;
};

export const keyOf = (token: string): Key => join(high(token), low(token));
/** The 32 bits by which others met are told apart. */
export const hashOf = (token: string): number => low(token) >>> 0;
/** A party within the channel that asserts it. */
export const scopedKey = (channelId: string, key: Key): Key => {
  const [top, bottom] = [floor(key / 2 ** 32), key >>> 0];
  return join(imul(top ^ high(channelId), OTHER_PRIME), imul(bottom ^ low(channelId), 0x9e3779b1));
};
