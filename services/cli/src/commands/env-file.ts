import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Keys of a sandbox, in plain text. */
export type PlainKeys = { readonly admin: string; readonly channels: Readonly<Record<string, string>>; readonly terminals: Readonly<Record<string, string>> };

/** Addresses and keys of a sandbox for people who try it, as a shell reads them: readable by this user only. Gives the administrator's key. */
export const writeEnvFile = (file: string, { http, grpc }: { readonly http: string; readonly grpc: string }, { admin, channels, terminals }: PlainKeys): string => {
  const named = (prefix: string, id: string): string => `${prefix}_${id.replace(/^[a-z]{3}_/, '').replace(/[^a-z0-9]/gi, '_').toUpperCase()}`;
  const lines: [string, string][] = [['VOUCHSAFE_URL', http], ['VOUCHSAFE_GRPC', grpc], ['VOUCHSAFE_ADMIN_KEY', admin]];
  for (const [id, key] of Object.entries(channels)) lines.push([named('VOUCHSAFE_KEY', id), key]);
  for (const [id, key] of Object.entries(terminals)) lines.push([named('VOUCHSAFE_TERMINAL_KEY', id), key]);
  const [firstChannel] = Object.values(channels);
  const [firstTerminal] = Object.values(terminals);
  if (firstChannel !== undefined) lines.push(['VOUCHSAFE_KEY', firstChannel]);
  if (firstTerminal !== undefined) lines.push(['VOUCHSAFE_TERMINAL_KEY', firstTerminal]);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${lines.map(([name, value]) => `export ${name}=${value}`).join('\n')}\n`, { mode: 0o600 });
  return admin;
};
