import type { ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb';
import { ClusterInfo, EndPoint, MemberInfo } from '@eventstore/db-client/generated/gossip_pb';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb';
import { SupportedMethod, SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb';
import { UUID } from '@eventstore/db-client/generated/shared_pb';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb';
import type { Clock } from '@vouchsafe/runtime';

/** The protocol's version that is spoken here; clients read numbers out of it. */
export const PROTOCOL_VERSION = '23.10.0';

/** What a client asks when it connects: which methods there are. Those that change something are named where appending is possible. */
export const supportedMethods = (append: boolean): SupportedMethods => {
  const { read, append: appending, batchAppend } = StreamsService;
  const methods = [read, ...(append ? [appending, batchAppend] : []), GossipService.read, ServerFeaturesService.getSupportedMethods].map(({ path }) => {
    const [, service = '', method = ''] = path.split('/');
    return new SupportedMethod().setServiceName(service).setMethodName(method.toLowerCase());
  });
  return new SupportedMethods().setEventStoreServerVersion(PROTOCOL_VERSION).setMethodsList(methods);
};

/** A cluster of one, which leads: there is nobody else to go to. */
export const clusterOf = (host: string, port: number, instanceId: string, clock: Clock): ClusterInfo =>
  new ClusterInfo().setMembersList([
    new MemberInfo()
      .setInstanceId(new UUID().setString(instanceId))
      .setTimeStamp(String(BigInt(clock.now()) * 10_000n))
      .setState(MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(new EndPoint().setAddress(host).setPort(port)),
  ]);

/** A service of one unary method with an answer that needs no question. */
export const answering = <T>(method: string, answer: () => T): UntypedServiceImplementation => ({
  [method]: (_call: ServerUnaryCall<unknown, T>, callback: (error: null, value: T) => void) => callback(null, answer()),
});
