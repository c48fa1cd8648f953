import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A stand-in of ours for a KMS with a transit API of HashiCorp Vault's form, for tests. It is not that product: it knows one mount
 * (`transit`), one token, and of the API what `transitKeyWrap` asks, by the product's public documentation. Keys live in memory.
 */
export type TransitStandIn = {
  readonly address: string; readonly token: string;
  makeKey(name: string, type?: string): void;
  /** A new version; older ones still open. */
  rotate(name: string): void;
  /** Versions below it open nothing any more. */
  setMinDecryptionVersion(name: string, version: number): void;
  /** The next `times` requests are answered by `status` (503: sealed), or cut off. */
  fail(times: number, how: number | 'cut off'): void;
  /** Operations asked for so far. */
  readonly asked: readonly string[];
  /** Every body and path received, to see what left the asker. */
  readonly received: readonly string[];
  stop(): Promise<void>;
};

type Key = { readonly type: string; readonly versions: Buffer[]; min: number };
type Reply = { readonly status: number; readonly data?: object };
const TOKEN = 'hvs.stand-in-token';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export const startTransitStandIn = async (): Promise<TransitStandIn> => {
  const keys = new Map<string, Key>();
  const asked: string[] = [];
  const received: string[] = [];
  const failing: (number | 'cut off')[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    received.push(`${request.url} ${body}`);
    const failure = failing.shift();
    if (failure === 'cut off') return void request.socket.destroy();
    const { status, data } = failure !== undefined ? { status: failure } : reply(request, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data ? { request_id: 'stand-in', data } : { errors: ['stand-in'] }));
  };
  const reply = (request: IncomingMessage, body: string): Reply => {
    const [, version, mount, operation, name] = (request.url ?? '').split('/');
    asked.push(operation ?? '');
    if (request.headers['x-vault-token'] !== TOKEN) return { status: 403 };
    if (version !== 'v1' || mount !== 'transit') return { status: 404 };
    const key = keys.get(decodeURIComponent(name ?? ''));
    if (operation === 'keys') return key ? { status: 200, data: { type: key.type, latest_version: key.versions.length, min_decryption_version: key.min } } : { status: 404 };
    return key ? operate(key, operation ?? '', JSON.parse(body) as Readonly<Record<string, string>>) : { status: 400 };
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: TOKEN, asked, received,
    makeKey: (name, type = 'aes256-gcm96') => void keys.set(name, { type, versions: [randomBytes(32)], min: 1 }),
    rotate: (name) => void keys.get(name)!.versions.push(randomBytes(32)),
    setMinDecryptionVersion: (name, version) => {
      keys.get(name)!.min = version;
    },
    fail: (times, how) => void failing.push(...Array.from({ length: times }, () => how)),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

const operate = (key: Key, operation: string, { plaintext, ciphertext }: Readonly<Record<string, string>>): Reply => {
  switch (operation) {
    case 'encrypt': return { status: 200, data: { ciphertext: encrypted(key, Buffer.from(plaintext ?? '', 'base64')), key_version: key.versions.length } };
    case 'decrypt': {
      const plain = decrypted(key, ciphertext ?? '');
      return plain ? { status: 200, data: { plaintext: plain.toString('base64') } } : { status: 400 };
    }
    case 'rewrap': {
      const plain = decrypted(key, ciphertext ?? '');
      return plain ? { status: 200, data: { ciphertext: encrypted(key, plain), key_version: key.versions.length } } : { status: 400 };
    }
    default: return { status: 404 };
  }
};
const encrypted = ({ versions }: Key, plain: Buffer): string => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', versions[versions.length - 1]!, iv);
  return `vault:v${versions.length}:${Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64')}`;
};
const decrypted = ({ versions, min }: Key, text: string): Buffer | undefined => {
  const [, version, sealed] = /^vault:v(\d+):(.*)$/.exec(text) ?? [];
  const key = versions[Number(version) - 1];
  if (!key || Number(version) < min) return undefined;
  const bytes = Buffer.from(sealed!, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined; // as the API answers: 400, whatever is wrong with it
  }
};
