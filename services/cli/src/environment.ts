import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandFailure, EXIT } from './speech.js';

/** What `make up` wrote for whoever calls: where the platform is, and keys of the sandbox. */
export type CallerEnvironment = { readonly http: string; readonly grpc: string; readonly key: string };

/** Reads `KEY=value` lines (`export` allowed). */
export const parseEnvFile = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const match = /^(?:export\s+)?([A-Z0-9_]+)=(.*)$/.exec(line.trim());
      return match ? [[match[1]!, match[2]!.replace(/^(['"])(.*)\1$/, '$2')] as const] : [];
    }),
  );

/** Variables of this process, completed by `.vouchsafe/env` of the working directory. */
export const callerVariables = (env: NodeJS.ProcessEnv, folder: string): Readonly<Record<string, string | undefined>> => {
  const file = path.join(folder, '.vouchsafe', 'env');
  return existsSync(file) ? { ...parseEnvFile(readFileSync(file, 'utf8')), ...env } : env;
};

/** Where to call and as whom; `keyVariable` names the variable that holds the key. */
export const callerEnvironment = (variables: Readonly<Record<string, string | undefined>>, keyVariable: string): CallerEnvironment => {
  const { VOUCHSAFE_URL: http, VOUCHSAFE_GRPC: grpc } = variables;
  const key = variables[keyVariable];
  if (!http || !grpc || !key) {
    const missing = [!http && 'VOUCHSAFE_URL', !grpc && 'VOUCHSAFE_GRPC', !key && keyVariable].filter(Boolean).join(', ');
    throw new CommandFailure(EXIT.config, `缺少变量 ${missing}：先运行 make up，或执行 . .vouchsafe/env`, `${missing} not set: run make up first, or . .vouchsafe/env`);
  }
  return { http, grpc, key };
};
