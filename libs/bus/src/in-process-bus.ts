import { deepFreeze } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { Bus, CommandHandler, CommandMessage, EventHandler, EventMessage, Outcome } from './port.js';

type Group = { readonly name: string; readonly contexts: ReadonlySet<string>; readonly handler: EventHandler };
type ReadOwn = (stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>;

/** The bus of one process: bytes pass through JSON as on the wire, outcomes come back as promises. */
export const inProcessBus = (clock: Clock): Bus => new InProcessBus(clock);

class InProcessBus implements Bus {
  readonly #commands = new Map<string, CommandHandler>();
  readonly #owners = new Map<string, ReadOwn>();
  readonly #groups: Group[] = [];

  constructor(readonly clock: Clock) {}

  serve(target: string, handler: CommandHandler): void {
    this.#commands.set(target, handler);
  }

  async ask(message: CommandMessage, deadlineMs: number): Promise<Outcome> {
    const handler = this.#commands.get(message.target);
    if (!handler) throw new Fault('SILENT', `nobody serves commands for ${message.target}`);
    const copy = deepFreeze(JSON.parse(JSON.stringify(message))) as CommandMessage;
    const abort = new AbortController();
    const silence = this.clock.sleep(deadlineMs, abort.signal).then(() => undefined);
    const outcome = await Promise.race([handler(copy), silence]).finally(() => abort.abort());
    if (!outcome) throw new Fault('SILENT', `${message.target} gave no outcome in ${deadlineMs} ms`);
    return outcome;
  }

  async publish(events: readonly EventMessage[]): Promise<void> {
    await Promise.all(this.#groups.map(async (group) => {
      for (const event of events) if (group.contexts.has(event.context)) await group.handler(event);
    }));
  }

  subscribe(group: string, contexts: readonly string[], handler: EventHandler): void {
    this.#groups.push({ name: group, contexts: new Set(contexts), handler });
  }
  servePublished(context: string, read: ReadOwn): void {
    this.#owners.set(context, read);
  }
  async readPublished(context: string, stream: string, fromPub: number, max: number): Promise<readonly EventMessage[]> {
    const read = this.#owners.get(context);
    if (!read) throw new Fault('OWNER_UNAVAILABLE', `the owner of ${context} is not here`);
    return read(stream, fromPub, max);
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}
