import { instant } from '@vouchsafe/kernel';
import { inProcessRpc } from './index.js';
import { describeRpcContract } from './testing/index.js';

describeRpcContract('within the process', async () => {
  const rpc = inProcessRpc();
  return { server: rpc, caller: rpc, now: () => instant(Date.now()), close: async () => {} };
});

describeRpcContract('within the process, whole messages passing as they are', async () => {
  const rpc = inProcessRpc({ direct: true });
  return { server: rpc, caller: rpc, now: () => instant(Date.now()), close: async () => {} };
});
