import { instant } from '@vouchsafe/kernel';
import { describeRpcContract } from '@vouchsafe/rpc/testing';
import { twoProcesses } from './testing/two-processes.js';

describeRpcContract('gRPC between two sides', async () => {
  const { server, client, close } = await twoProcesses();
  return { server, caller: client, now: () => instant(Date.now()), close };
});
