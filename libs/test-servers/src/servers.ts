import { ServerUnavailable } from './unavailable.js';

/** Servers that tests talk to. Those that were configured from outside can only be used; those of our own can be hurt. */
export interface TestServers {
  /** What stands behind the port, for people. */
  readonly what: string;
  /** Host and port of each. */
  readonly endpoints: readonly string[];
  /** SIGKILL; settles when it is dead. */
  kill(index: number): Promise<void>;
  /** Starts a killed one again on its port and data; settles when it serves. */
  restart(index: number): Promise<void>;
  /** SIGSTOP. */
  pause(index: number): void;
  /** SIGCONT. */
  resume(index: number): void;
  /** Process id, undefined when dead or not ours. */
  pid(index: number): number | undefined;
  /** Kills all and removes their data. May be called twice. Does nothing to servers that are not ours. */
  stop(): Promise<void>;
}

/** Servers somebody else runs. */
export const configured = (what: string, endpoints: readonly string[]): TestServers => {
  const notOurs = (): never => {
    throw new ServerUnavailable(`${what} is not ours to hurt; ask for servers of your own`);
  };
  return {
    what, endpoints, kill: async () => notOurs(), restart: async () => notOurs(), pause: notOurs, resume: notOurs, pid: () => undefined, stop: async () => {},
  };
};
