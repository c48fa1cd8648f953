import { hash } from 'node:crypto';
import { ID_PREFIXES, type IdKind } from '@vouchsafe/kernel';
import type { Clock } from './clock.js';
import type { Random } from './random.js';

/** Mints ids that sort by time: `<prefix>_` and 26 Crockford base32 characters (48 bits of ms, 80 random; ULID's layout). */
export interface Ids {
  mint(kind: IdKind): string;
  /** A fresh UUIDv4, e.g. for a command id. */
  uuid(): string;
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const base32 = (value: bigint, length: number): string => {
  let text = '';
  for (let left = value, i = 0; i < length; i++, left >>= 5n) text = CROCKFORD[Number(left & 31n)] + text;
  return text;
};

export const createIds = (clock: Clock, random: Random): Ids => ({
  mint: (kind) =>
    `${ID_PREFIXES[kind]}_${base32(BigInt(clock.now()), 10)}${base32(BigInt(`0x${random.bytes(10).toString('hex')}`), 16)}`,
  uuid: () => formatUuid(random.bytes(16)),
});

/** A UUIDv4 of random bytes. */
const formatUuid = (bytes: Buffer): string => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

/** Our own UUID name space; frozen for ever, for order ids and event ids hang on it. */
const NAMESPACE = Buffer.from('6f3c1f6e8a0b4c55b7d94d2f0c9a7e11', 'hex');

/** Longest name, in UTF-16 units, for which {@link scratch} surely has the room. */
const NAME_MAX = 1024;
/** Where a name is laid behind the name space to be hashed: used and left within one call, so that nothing is allocated. */
const scratch = Buffer.concat([NAMESPACE, Buffer.alloc(NAME_MAX * 3)]);
/** Digits of a variant byte's upper half: `10` and the two bits that stay. */
const VARIANT: Readonly<Record<string, string>> = Object.fromEntries([...'0123456789abcdef'].map((digit, value) => [digit, '89ab'[value & 3]!]));

/** UUIDv5 (RFC 9562 §5.5, SHA-1) of `name` in our name space. Same name, same id, on every machine. */
export const uuidv5 = (name: string): string => {
  const hex = hash('sha1', name.length > NAME_MAX ? Buffer.concat([NAMESPACE, Buffer.from(name)]) : laidOut(name), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${VARIANT[hex[16]!]}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
const laidOut = (name: string): Buffer => scratch.subarray(0, NAMESPACE.length + scratch.write(name, NAMESPACE.length, 'utf8'));

/** The id of the `index`th event that command `commandId` caused (ARCHITECTURE §4.2). */
export const eventIdOf = (commandId: string, index: number): string => uuidv5(`event/${commandId}/${index}`);
