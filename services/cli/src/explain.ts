import { isFault } from '@vouchsafe/kernel';
import type { ServiceError } from '@grpc/grpc-js';
import { detailsOf, reasonOf } from './client/connection.js';
import { FAULT_WORDS } from './fault-words.js';
import { CommandFailure, EXIT, type Speech } from './speech.js';

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && typeof (error as ServiceError).code === 'number' && 'metadata' in error;
const UNAVAILABLE = 14;

type Told = { readonly exit: number; readonly code: string; readonly text: string; readonly details?: Readonly<Record<string, string>> };

/** Says what went wrong and what to do (with `--json` as an object, still on stderr), and gives the exit code. What nobody expected is thrown on. */
export const explain = (error: unknown, { t, note, json }: Speech): number => {
  const told = toldOf(error, t);
  if (!told) throw error;
  const { exit, code, text, details = {} } = told;
  const also = Object.entries(details).map(([name, value]) => `\n    ${name}: ${value}${name.endsWith('AtMs') ? ` (${new Date(Number(value)).toISOString()})` : ''}`).join('');
  note(json ? JSON.stringify({ error: { code, message: text, ...(also && { details }) }, exit }) : `✘ ${text}${also}`);
  return exit;
};

const toldOf = (error: unknown, t: Speech['t']): Told | undefined => {
  if (error instanceof CommandFailure) return { exit: error.exit, code: WORD_OF[error.exit] ?? 'REFUSED', text: t(error.zh, error.en) };
  if (isServiceError(error)) return ofService(error, t);
  if (!isFault(error)) return undefined;
  const { code, message, retryable } = error;
  const words = FAULT_WORDS[code];
  return { exit: retryable || code === 'DIRECTORY_IN_USE' ? EXIT.unavailable : EXIT.data, code, text: `${code}: ${t(words === undefined ? message : `${words}（${message}）`, message)}` };
};

const ofService = (error: ServiceError, t: Speech['t']): Told => {
  const { details } = error;
  if (error.code === UNAVAILABLE) return { exit: EXIT.unavailable, code: 'UNAVAILABLE', text: `${t('连不上平台：它在运行吗？（make up）', 'the platform cannot be reached: is it running? (make up)')} ${bare(details)}` };
  const code = reasonOf(error);
  return { exit: EXIT.refused, code, text: details.startsWith(code) ? details : `${code}: ${details}`, details: detailsOf(error) };
};

/** Without what the gRPC client wraps around the cause. */
const bare = (details: string): string => details.replace(/^No connection established\. Last error: (?:Error: )?/, '').replace(/\.? Resolution note: *$/, '');

const WORD_OF: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(EXIT).map(([word, exit]) => [exit, word.toUpperCase()]));
