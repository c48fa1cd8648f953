/** What a field's name must not hold in MongoDB, and `%`, with which it is written instead; halves of a surrogate pair are no UTF-8. */
const UNSAFE = /[%$.\0]|[\uD800-\uDFFF]/u;
const UNSAFE_ALL = /[%$.\0]|[\uD800-\uDFFF]/gu;
const ESCAPES = /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/g;
const EMPTY = '%';
const PROTO = '__proto__';
const PROTO_STORED = '%5f_proto__';

/** A key of a document as MongoDB takes it: `a.b` is kept as `a%2eb`. */
export const storedName = (name: string): string => {
  if (name === '') return EMPTY;
  if (name === PROTO) return PROTO_STORED; // objects are built along the way, and there this name sets a prototype
  return UNSAFE.test(name) ? name.replace(UNSAFE_ALL, escaped) : name;
};
const escaped = (unit: string): string => {
  const code = unit.charCodeAt(0);
  return code > 0xff ? `%u${code.toString(16)}` : `%${code.toString(16).padStart(2, '0')}`;
};

/** The key of {@link storedName}. */
export const originalName = (stored: string): string => {
  if (stored === EMPTY) return '';
  return stored.includes('%') ? stored.replace(ESCAPES, (_, unit: string | undefined, byte: string) => String.fromCharCode(Number.parseInt(unit ?? byte, 16))) : stored;
};
