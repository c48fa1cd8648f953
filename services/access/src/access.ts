import { DeciderHost } from '@vouchsafe/event-store';
import { type Publisher, startPublisher } from '@vouchsafe/bus';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { bind, type BoundProjection, type Follower, type ProjectionRunner, startProjections } from '@vouchsafe/read-store';
import type { ServiceModule, Stop } from '@vouchsafe/runtime';
import { approvalCodec, encryptionCodec, erasureCodec, principalCodec } from './adapters/event-codecs.js';
import { toIntegration } from './adapters/integration.js';
import { accessService } from './api/access-service.js';
import { identityService } from './api/identity-service.js';
import { Approvals } from './application/approvals.js';
import { Authenticator } from './application/authenticate.js';
import { Bootstrap } from './application/bootstrap.js';
import { Encryption } from './application/encryption.js';
import { Erasures } from './application/erasures.js';
import { LastUse } from './application/last-use.js';
import type { AccessPorts } from './application/ports.js';
import { Principals } from './application/principals.js';
import { approvalStream, CATEGORIES, principalStream } from './application/streams.js';
import type { AccessConfig } from './config.js';
import { approval } from './domain/approval.js';
import { encryptionKeys } from './domain/encryption-keys.js';
import { erasure } from './domain/erasure.js';
import { principal } from './domain/principal.js';
import { approvalDirectory, principalDirectory } from './projections/directory.js';

/** Access as composition sees it. `bootstrap` and `reapplyErasures` also work before `start`, for local commands. */
export type Access = ServiceModule & {
  readonly bootstrap: Bootstrap;
  /** Destroys again what the log says was erased: after the vault was restored. The number of subjects that were still there. */
  reapplyErasures(): Promise<number>;
  /** Its views' runner and its publisher while they run, for those who watch them. */
  readonly projections: () => ProjectionRunner | undefined;
  readonly publisher: () => Publisher | undefined;
};

/** Views that access keeps; also what an audit rebuilds and compares. */
export const accessProjections = (): readonly BoundProjection[] => [
  bind(principalDirectory, principalCodec, [principalStream.category]), bind(approvalDirectory, approvalCodec, [approvalStream.category]),
];

export const createAccess = (ports: AccessPorts, config: AccessConfig): Access => new AccessModule(ports, config);

class AccessModule implements Access {
  readonly name = 'access';
  readonly needs = [];
  readonly bootstrap: Bootstrap;
  readonly #ports: AccessPorts;
  readonly #config: AccessConfig;
  readonly #principals: Principals;
  readonly #approvals: Approvals;
  readonly #erasures: Erasures;
  readonly #encryption: Encryption;
  readonly #lastUse: LastUse;
  #projections?: ProjectionRunner;
  #publisher?: Publisher;
  #following?: Follower;
  #noting?: Stop;

  constructor(ports: AccessPorts, config: AccessConfig) {
    this.#ports = ports;
    this.#config = config;
    const shared = { store: ports.store, clock: ports.clock, random: ports.random, cacheMax: config.cachedStreams };
    this.#principals = new Principals(ports, new DeciderHost({ ...shared, decider: principal, codec: principalCodec }));
    this.#approvals = new Approvals(ports, new DeciderHost({ ...shared, decider: approval, codec: approvalCodec }), (principalId) => this.#principals.get(principalId));
    this.#erasures = new Erasures(ports, new DeciderHost({ ...shared, decider: erasure, codec: erasureCodec, cacheMax: 100 }), erasureCodec);
    this.#encryption = new Encryption(ports, new DeciderHost({ ...shared, decider: encryptionKeys, codec: encryptionCodec }));
    this.#lastUse = new LastUse(() => ports.clock.now());
    this.bootstrap = new Bootstrap(this.#principals);
  }

  async start(): Promise<void> {
    const { store, bus, readStore, rpc, clock, timers, log, vault, erasedBefore } = this.#ports;
    const now = () => clock.now();
    if (erasedBefore) log.warn({ erased: await this.#erasures.again(erasedBefore()) }, 'this data was restored or copied: people erased since are erased again');
    const projections = await startProjections({
      name: 'access', store, readStore, log, clock,
      projections: accessProjections(),
    });
    this.#projections = projections;
    const publisher = await startPublisher({ context: 'access', store, bus, readStore, categories: CATEGORIES, toIntegration, log, clock });
    this.#publisher = publisher;
    this.#following = await this.#erasures.follow();
    const authenticator = new Authenticator({
      ...this.#ports, nonces: vault, load: (principalId) => this.#principals.get(principalId), noteUse: (principalId, credentialId) => this.#lastUse.seen(principalId, credentialId),
    });
    rpc.serve(IdentityService, identityService({ authenticator, approvals: this.#approvals, encryption: this.#encryption, vault, now }));
    rpc.serve(AccessService, accessService({
      principals: this.#principals, approvals: this.#approvals, erasures: this.#erasures, encryption: this.#encryption, lastUse: this.#lastUse, projections, now,
      directory: await readStore.collection(principalDirectory.collection), approvalDirectory: await readStore.collection(approvalDirectory.collection),
      told: async () => {
        await store.durable(store.head());
        await publisher.caughtUp();
      },
    }));
    this.#noting = timers.every(this.#config.useNotePeriodMs, () => this.#noteUses(), (error) => log.warn({ error: String(error) }, 'uses of credentials could not be noted'));
  }

  #noteUses(): Promise<void> {
    const note = async (principalId: string, credentialId: string, at: ReturnType<AccessPorts['clock']['now']>): Promise<void> => {
      await this.#principals.change({ principal: 'svc_access', requestId: '' }, principalId, () => ({ type: 'NoteUse', credentialId, at }), false);
    };
    return this.#lastUse.noteAll(note, this.#ports.log);
  }

  projections = (): ProjectionRunner | undefined => this.#projections;
  publisher = (): Publisher | undefined => this.#publisher;

  reapplyErasures(): Promise<number> {
    return this.#erasures.reapply();
  }

  async stop(): Promise<void> {
    await this.#noting?.();
    if (this.#projections) await this.#noteUses();
    await this.#following?.stop();
    await this.#publisher?.stop();
    await this.#projections?.stop();
  }
}
