import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newSigningKey, trustedKeysText } from '@vouchsafe/rpc-grpc';

/** A key pair per process, for tokens and commands: files that only this user reads. Answers where they are. */
export const writeKeys = (folder: string, names: readonly string[]): { readonly signing: (name: string) => string; readonly trusted: string } => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const signing = (name: string): string => path.join(folder, `${name}.pem`);
  const trusted = path.join(folder, 'trusted.json');
  const keys = names.map((name) => ({ name, ...newSigningKey() }));
  for (const { name, pem } of keys) writeFileSync(signing(name), pem, { mode: 0o600 });
  writeFileSync(trusted, trustedKeysText(keys.map(({ name, publicKey }) => ({ issuer: name, key: publicKey }))));
  return { signing, trusted };
};
