/** A service as composition sees it: started after what it needs is running, stopped in reverse. */
export type ServiceModule = {
  readonly name: string;
  /** Names of modules that must be running first. */
  readonly needs: readonly string[];
  /** Settles when the module serves. */
  start(): Promise<void>;
  /** Stops intake, drains, closes. Safe to call once after a failed start. */
  stop(): Promise<void>;
};

/** `live` or `sandbox`: every store, key and document belongs to exactly one. */
export type Namespace = 'live' | 'sandbox';
export const NAMESPACES = ['live', 'sandbox'] as const;

/** Structured log; fields never hold secrets or personal data. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}
/** A log that drops everything (tests). */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silentLog };
