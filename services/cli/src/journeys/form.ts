import type { Recorders } from '../audit/auditor.js';

/** Keys to a sandbox's gateway, by whom they are for. */
export type FormKeys = { readonly admin: string; readonly channels: Readonly<Record<string, string>>; readonly terminals: Readonly<Record<string, string>> };

/** A form of the platform that runs with an empty sandbox: embedded, or taken apart into processes. Journeys see its gateway and nothing else. */
export type Form = {
  readonly http: string;
  readonly grpc: string;
  readonly keys: FormKeys;
  /** What stands behind each port, for people. */
  readonly behind: readonly string[];
  /** How many processes write its log. */
  readonly recorders: Recorders;
  /** A folder for files of goods; removed with the form. */
  readonly folder: string;
  /** Kills what serves, as a power cut would, and begins it again on what it had written; settles when it serves. Addresses stay. */
  crash(): Promise<void>;
  /** Looks into the form's own stores when the journeys are over: what is wrong, in words. Nothing may be called after it. */
  audit(): Promise<readonly string[]>;
  /** Ends all of it and removes its data. */
  close(): Promise<void>;
};
