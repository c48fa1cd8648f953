// Parts of kafkajs 2.2.4 that its types do not show; used by the mends only. The version is pinned for them.
declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    throttledUntil: number;
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
    checkPendingRequests(): void;
  }
  export = RequestQueue;
}
declare module 'kafkajs/src/consumer/offsetManager' {
  type Offsets = { readonly topics?: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly offset: unknown }[] }[] };
  class OffsetManager {
    constructor(options: Readonly<Record<string, unknown>>);
    readonly memberAssignment: Readonly<Record<string, readonly number[]>>;
    uncommittedOffsets(): Offsets;
    commitOffsets(offsets?: Offsets): Promise<void>;
  }
  export = OffsetManager;
}
declare module 'kafkajs/src/consumer/consumerGroup' {
  type Retrier = <T>(work: () => Promise<T>) => Promise<T>;
  class ConsumerGroup {
    constructor(options: Readonly<Record<string, unknown>>);
    readonly retrier: Retrier;
    readonly groupId: string;
    joinAndSync(): Promise<void>;
    fetch(nodeId: string): Promise<readonly unknown[]>;
  }
  export = ConsumerGroup;
}
declare module 'kafkajs/src/consumer/assignerProtocol' {
  export const MemberAssignment: { encode(assignment: { readonly version: number; readonly assignment: Readonly<Record<string, readonly number[]>> }): Buffer };
}
declare module 'kafkajs/src/broker' {
  class Broker {
    heartbeat(request: Readonly<Record<string, unknown>>): Promise<unknown>;
    joinGroup(request: Readonly<Record<string, unknown>>): Promise<unknown>;
  }
  export = Broker;
}
