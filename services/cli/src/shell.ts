import type { Speech } from './speech.js';

/** What every command is given: how to speak, and where it is. */
export type Shell = { readonly speech: () => Speech; readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly exit: (code: number) => void };
