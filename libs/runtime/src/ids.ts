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
const CROCKFORD_CODES = Buffer.from(CROCKFORD, 'latin1');
const RADIX = 32;
const TIME_CHARS = 10;
/** Of five bytes: as many bits as fit evenly. */
const PART_CHARS = 8;
/** Where the text of an id is written digit by digit, as that of a UUID below. */
const sortableText = Buffer.alloc(TIME_CHARS + 2 * PART_CHARS);
const putBase32 = (value: number, at: number, length: number): void => {
  for (let left = value, i = at + length - 1; i >= at; i--) {
    const rest = Math.floor(left / RADIX);
    sortableText[i] = CROCKFORD_CODES[left - rest * RADIX]!;
    left = rest;
  }
};
const sortable = (ms: number, random: Buffer): string => {
  putBase32(ms, 0, TIME_CHARS);
  putBase32(random.readUIntBE(0, 5), TIME_CHARS, PART_CHARS);
  putBase32(random.readUIntBE(5, 5), TIME_CHARS + PART_CHARS, PART_CHARS);
  return sortableText.toString('latin1');
};

export const createIds = (clock: Clock, random: Random): Ids => ({
  mint: (kind) => `${ID_PREFIXES[kind]}_${sortable(clock.now(), random.bytes(10))}`,
  uuid: () => formatUuid(random.bytes(16)),
});

/** A UUIDv4 of random bytes. */
const formatUuid = (bytes: Buffer): string => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  for (let i = 0; i < 16; i++) putDigits(i, bytes[i]!);
  return textOf();
};

/** Where a UUID is written digit by digit and taken as one flat text: put together from pieces it would stay in pieces. */
const uuidText = Buffer.from('00000000-0000-0000-0000-000000000000', 'latin1');
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const PAIRS = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const putDigits = (i: number, byte: number): void => {
  const at = PAIRS[i]!;
  uuidText[at] = DIGITS[byte >> 4]!;
  uuidText[at + 1] = DIGITS[byte & 15]!;
};
const textOf = (): string => uuidText.toString('latin1');

/** Our own UUID name space; frozen for ever, for order ids and event ids hang on it. */
const NAMESPACE = Buffer.from('6f3c1f6e8a0b4c55b7d94d2f0c9a7e11', 'hex');

/** Longest name, in UTF-16 units, for which a {@link NameRoom} surely has the room. */
const NAME_MAX = 1024;
/** Longest command id likewise: behind it comes an index. */
const EVENT_NAME_MAX = NAME_MAX - 10;
const VIEWS = 256;
/** Where names are laid behind what they all begin with, to be hashed: used and left within one call, so that nothing is allocated. */
class NameRoom {
  readonly #bytes: Buffer;
  /** A view of each length that is asked for often, made once. */
  readonly #views = new Array<Buffer | undefined>(VIEWS).fill(undefined);
  #end = 0;

  constructor(readonly beginning: Buffer) {
    this.#bytes = Buffer.concat([beginning, Buffer.alloc(NAME_MAX * 3)]);
  }

  begin(): this {
    this.#end = this.beginning.length;
    return this;
  }
  add(text: string): this {
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
    return this;
  }
  /** UUIDv5 over what was laid down. */
  id(): string {
    return idOf(this.#end >= VIEWS ? this.#bytes.subarray(0, this.#end) : (this.#views[this.#end] ??= this.#bytes.subarray(0, this.#end)));
  }
}
const idOf = (bytes: Buffer): string => {
  const digest = hash('sha1', bytes, 'binary');
  for (let i = 0; i < 16; i++) putDigits(i, digest.charCodeAt(i));
  putDigits(6, (digest.charCodeAt(6) & 0x0f) | 0x50);
  putDigits(8, (digest.charCodeAt(8) & 0x3f) | 0x80);
  return textOf();
};
const names = new NameRoom(NAMESPACE);
const eventNames = new NameRoom(Buffer.concat([NAMESPACE, Buffer.from('event/')]));

/** UUIDv5 (RFC 9562 §5.5, SHA-1) of `name` in our name space. Same name, same id, on every machine. */
export const uuidv5 = (name: string): string =>
  name.length > NAME_MAX ? idOf(Buffer.concat([NAMESPACE, Buffer.from(name)])) : names.begin().add(name).id();

/** The id asked for last: whoever appends an event often notes it elsewhere in the next moment. */
const latest = { commandId: '', index: -1, id: '' };

/** The id of the `index`th event that command `commandId` caused (ARCHITECTURE §4.2). */
export const eventIdOf = (commandId: string, index: number): string => {
  if (latest.index !== index || latest.commandId !== commandId) {
    latest.id =
      commandId.length < EVENT_NAME_MAX ? eventNames.begin().add(commandId).add('/').add(String(index)).id() : uuidv5(`event/${commandId}/${index}`);
    latest.commandId = commandId;
    latest.index = index;
  }
  return latest.id;
};
