const MASK = '***';
const DEPTH_MAX = 6;
const MEMBERS_MAX = 50;
const TEXT_MAX = 4000;

/** Names that hold secrets or personal data wherever they occur; compared in small letters without separators. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'code', 'codes', 'vouchercode', 'pin', 'cardnumber', 'cardpassword', 'ip', 'buyerip', 'clientip', 'ipaddress', 'remoteaddress',
  'device', 'deviceid', 'fingerprint', 'cookie', 'setcookie', 'apikey', 'privatekey', 'mobile', 'buyer', 'buyerref', 'clerk', 'topupaccount',
]);
const SECRET_ENDINGS = /(secret|secrets|password|passwd|token|authorization|phone|phonenumber|email|credential)$/;
/** An error's `code` is no voucher's: words in capitals with an underscore between, or one of the system's (ENOSPC). */
const ERROR_CODE = /^(E[A-Z]{2,14}|[A-Z]+(_[A-Z]+)+)$/;

/** A copy fit for a log: secrets and personal data masked by the names of their fields, bounded in depth and size. */
export const redacted = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Error) return errorRecord(value, depth);
  return depth >= DEPTH_MAX ? '…' : objectOf(value, depth);
};

const objectOf = (value: object, depth: number): unknown => {
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Map || value instanceof Set) return `${value.size} members`;
  if (Array.isArray(value)) return value.slice(0, MEMBERS_MAX).map((member) => redacted(member, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redacted(value.toJSON() as unknown, depth + 1);
  return recordOf(value as Readonly<Record<string, unknown>>, depth);
};

const recordOf = (record: Readonly<Record<string, unknown>>, depth: number): unknown =>
  Object.fromEntries(Object.entries(record).slice(0, MEMBERS_MAX).map(([name, field]) => [name, isSecret(name, field) ? MASK : redacted(field, depth + 1)]));

const isSecret = (name: string, field: unknown): boolean => {
  if (field === undefined || field === null) return false;
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (plain === 'code' && typeof field === 'string' && ERROR_CODE.test(field)) return false;
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain);
};

const errorRecord = (error: Error, depth: number): unknown => ({
  name: error.name, message: error.message,
  ...('code' in error && !isSecret('code', error.code) && { code: error.code }),
  ...(error.stack !== undefined && { stack: error.stack }),
  ...(error.cause !== undefined && depth < DEPTH_MAX && { cause: redacted(error.cause, depth + 1) }),
});
