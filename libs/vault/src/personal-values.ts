import { isIP } from 'node:net';
import type { PersonalKind } from './personal-vault.js';

/** The form in which two writings of one value are equal; what tokens are made of. */
export const comparable = (kind: PersonalKind, value: string): string => {
  const text = value.normalize('NFKC').trim();
  switch (kind) {
    case 'phone': return comparablePhone(text);
    case 'email': return text.toLowerCase();
    case 'ip': return comparableIp(text);
    case 'buyer':
    case 'account':
    case 'device':
    case 'payee':
    case 'clerk':
    case 'name': return text;
  }
};

const comparablePhone = (text: string): string => {
  const digits = text.replace(/[\s().-]/g, '');
  const chinese = /^(?:\+|00)?86(1\d{10})$/.exec(digits);
  return chinese ? chinese[1]! : digits;
};

const comparableIp = (text: string): string => {
  if (isIP(text) !== 6) return text;
  const address = new URL(`http://[${text.split('%')[0]!}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (!mapped) return address;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
};

/** For people who may not see the value. Never longer than the value tells anyway. */
export const masked = (kind: PersonalKind, value: string): string => {
  const text = comparable(kind, value);
  switch (kind) {
    case 'phone':
    case 'account':
    case 'payee': return maskedAccount(text);
    case 'email': return maskedEmail(text);
    case 'ip': return isIP(text) === 4 ? text.replace(/\.\d+\.\d+$/, '.*.*') : `${text.split(':').slice(0, 2).join(':')}:*`;
    case 'name': return `${[...text][0] ?? ''}**`;
    case 'buyer':
    case 'device':
    case 'clerk': return short(text);
  }
};
/** Accounts are phone numbers, mail addresses or names. */
const maskedAccount = (text: string): string => {
  if (/^\+?\d{7,}$/.test(text)) return `${text.slice(0, 3)}****${text.slice(-4)}`;
  return text.includes('@') ? maskedEmail(text) : short(text);
};
const maskedEmail = (text: string): string => {
  const at = text.lastIndexOf('@');
  return at < 1 ? '***' : `${[...text][0]}***${text.slice(at)}`;
};
const SHOWN = 2;
const short = (text: string): string => (text.length > SHOWN * 3 ? `${text.slice(0, SHOWN)}***` : '***');
