import { type JsonValue, toJson } from '@bufbuild/protobuf';
import { ApplyCatalogResponse_Action, ApplyCatalogResponseSchema } from '@vouchsafe/proto/catalog/v1/catalog';
import { OrderSchema, OrderService } from '@vouchsafe/proto/order/v1/order';
import { RedeemVoucherResponseSchema, RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { applyCatalog, type ApplyOptions } from '../client/apply-catalog.js';
import { Connection } from '../client/connection.js';
import { importFile } from '../client/import-file.js';
import { mintVouchers } from '../client/mint.js';
import { callerEnvironment, callerVariables } from '../environment.js';
import type { Shell } from '../shell.js';
import { EXIT, type Speech } from '../speech.js';
import { call } from './call.js';
import { exitOfApply, exitOfOrder } from './exit-of.js';

type T = (zh: string, en: string) => string;
const KEY = 'VOUCHSAFE_KEY';
const ADMIN_KEY = 'VOUCHSAFE_ADMIN_KEY';
const TERMINAL_KEY = 'VOUCHSAFE_TERMINAL_KEY';

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed / 需要整数');
  return value;
};

type Connected = (keyVariable: string, work: (connection: Connection, speech: Speech) => Promise<number>) => Promise<void>;

/** Commands that call a running platform as a channel, a terminal or staff. */
export const registerCalls = (program: Command, shell: Shell, t: T): void => {
  const connected: Connected = async (keyVariable, work) => {
    const { grpc, key } = callerEnvironment(callerVariables(shell.env, shell.cwd), keyVariable);
    const connection = new Connection({ grpc, key });
    try {
      shell.exit(await work(connection, shell.speech()));
    } finally {
      connection.close();
    }
  };
  registerAnyCall(program, shell, t);
  registerGoods(program, t, connected);
  registerTrade(program, t, connected);
};

const registerAnyCall = (program: Command, shell: Shell, t: T): void => {
  program.command('call <method> [json]').description(t('以 JSON 调用任一方法', 'call any method with JSON'))
    .option('--key-var <name>', t('存放密钥的变量名', 'variable that holds the key'), KEY)
    .option('--limit <n>', t('流最多取几条，0 为不限', 'of a stream: how many answers, 0 for all'), whole, 0).option('--approval <id>', t('第二人批准的审批号', 'approval of a second person'))
    .addHelpText('after', `\n  vouchsafe call OrderService.GetOrder '{"number":"A-1"}'\n  vouchsafe call ListProducts --key-var ${ADMIN_KEY}\n`)
    .action(async (method: string, json: string | undefined, options: { keyVar: string; limit: number; approval?: string }) => {
      const environment = callerEnvironment(callerVariables(shell.env, shell.cwd), options.keyVar);
      shell.exit(await call(shell.speech(), environment, method, json ?? '{}', options.limit, options.approval));
    });
};

const registerGoods = (program: Command, t: T, connected: Connected): void => {
  program.command('apply <file>').description(t('应用商品目录（YAML/JSON），可先试运行', 'apply a catalogue (YAML/JSON)')).option('--dry-run', t('只显示会改变什么', 'only tell what would change'))
    .option('--format <name>', t('别家的目录格式：cn_carrier_benefits', 'a catalogue of others: cn_carrier_benefits')).option('--channel <id>', t('随 --format：在此渠道上架定价', 'with --format: list and price it there'))
    .option('--price <decimal>', t('随 --format：没有金额者的价格', 'with --format: price of what names none'))
    .addHelpText('after', '\n  vouchsafe apply deploy/examples/catalog.yaml --dry-run\n  vouchsafe apply benefits.json --format cn_carrier_benefits --channel chn_dist\n')
    .action(async (file: string, options: ApplyOptions) => connected(ADMIN_KEY, async (connection, speech) => {
      const answer = await applyCatalog(connection, file, options);
      speech.result(toJson(ApplyCatalogResponseSchema, answer), () => [
        ...answer.changes.filter(({ action }) => action !== ApplyCatalogResponse_Action.NONE).map(({ action, kind, id, fields }) => `${action === ApplyCatalogResponse_Action.CREATE ? '+' : '~'} ${kind} ${id} ${fields.map(({ path, before, after }) => (before ? `${path}: ${before} → ${after}` : path)).join(', ')}`),
        ...answer.problems.map(({ pointer, code, words }) => `! ${pointer} ${code} ${words ? speech.t(words.zh, words.en) : ''}`),
        `${options.dryRun ? speech.t('试运行：', 'dry run: ') : ''}+${answer.created} ~${answer.revised} =${answer.unchanged}`,
      ]);
      return exitOfApply(answer);
    }));

  program.command('import <file>').description(t('导入卡密文件（CSV/TXT）', 'import a file of codes (CSV/TXT)')).requiredOption('--product <id>', t('商品', 'product'))
    .requiredOption('--supplier <id>', t('供应商', 'supplier')).option('--unit-cost <decimal>', t('单位成本（含税）', 'cost of one, tax included'), '0').addOption(new Option('--encoding <name>', 'utf8 | gb18030').choices(['utf8', 'gb18030']).default('utf8')).option('--resume <import>', t('续传此导入', 'go on with this import'))
    .addHelpText('after', '\n  vouchsafe import codes.txt --product prd_video-month --supplier sup_video --unit-cost 16.00\n')
    .action(async (file: string, options: { product: string; supplier: string; unitCost: string; encoding: string; resume?: string }) => connected(ADMIN_KEY, async (connection, speech) => {
      const done = await importFile(connection, file, { ...options, note: (line) => speech.note(line) });
      speech.result(done, () => [`${done.importId}: ${speech.t('已入库', 'accepted')} ${done.accepted}, ${speech.t('拒收', 'refused')} ${done.refused} (${done.batchId})`, ...done.refusals]);
      return EXIT.ok;
    }));

  program.command('mint').description(t('生成自有权益券', 'mint own vouchers')).requiredOption('--product <id>', t('商品', 'product')).requiredOption('--quantity <n>', t('数量', 'how many'), whole)
    .addHelpText('after', '\n  vouchsafe mint --product prd_coffee --quantity 100\n')
    .action(async (options: { product: string; quantity: number }) => connected(ADMIN_KEY, async (connection, speech) => {
      const done = await mintVouchers(connection, options.product, options.quantity);
      speech.result(done, () => [`${done.batchId}: ${speech.t('已生成', 'minted')} ${done.done}`]);
      return EXIT.ok;
    }));
};

const registerTrade = (program: Command, t: T, connected: Connected): void => {
  program.command('order').description(t('以渠道身份下单', 'place an order as a channel'))
    .requiredOption('--number <number>', t('渠道自己的订单号', "the channel's own number")).requiredOption('--product <id>', t('商品', 'product')).option('--quantity <n>', t('数量', 'how many'), whole, 1)
    .option('--buyer <ref>', t('渠道侧的买家标识', "the channel's name for the buyer")).option('--secrets', t('同时取回卡密', 'answer with the secrets'))
    .addHelpText('after', '\n  vouchsafe order --number A-1 --product prd_video-month --secrets\n')
    .action(async (options: { number: string; product: string; quantity: number; buyer?: string; secrets?: boolean }) => connected(KEY, async (connection, speech) => {
      const order = await connection.call(OrderService.method.placeOrder, {
        number: options.number, lines: [{ productId: options.product, quantity: options.quantity }], includeSecrets: options.secrets === true, ...(options.buyer && { buyer: { ref: options.buyer } }),
      });
      const json = toJson(OrderSchema, order) as Record<string, JsonValue>;
      speech.result(json, () => [
        [order.orderId, String(json.state), order.reason?.code, order.total?.display].filter(Boolean).join(' '),
        ...order.secrets.flatMap(({ secrets }) => secrets).map(({ voucherId, number, code }) => `  ${[voucherId, number, code].filter(Boolean).join('  ')}`),
      ]);
      return exitOfOrder(order);
    }));

  program.command('redeem').description(t('以终端身份核销', 'redeem as a terminal')).requiredOption('--code <code>', t('券码', 'the code'))
    .requiredOption('--sequence <n>', t('终端流水号，每次核销一个；同号重试不会重复核销', "the till's own running number, one per use; asking again under it is safe"), whole)
    .option('--scene <name>', t('使用场景', 'where it is used'), 'counter')
    .addHelpText('after', '\n  vouchsafe redeem --code 7RYN-0JFN-PTQQ-QFCW-N --sequence 1\n')
    .action(async (options: { code: string; sequence: number; scene: string }) => connected(TERMINAL_KEY, async (connection, speech) => {
      const answer = await connection.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: options.code }, sequence: BigInt(options.sequence), scene: options.scene });
      speech.result(toJson(RedeemVoucherResponseSchema, answer), () => [`${answer.redemption?.redemptionId ?? ''} ${answer.redemption?.voucherId ?? ''} ${speech.t('剩余次数', 'uses left')} ${answer.usesLeft}`]);
      return EXIT.ok;
    }));
};
