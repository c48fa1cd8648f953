import { type Catalogue, type CatalogueEntry, failureOf as fail, type RpcFailure } from '@vouchsafe/rpc';
import type { Details } from '@vouchsafe/kernel';

type Words = readonly [zh: string, en: string, remedyZh: string, remedyEn: string];
const entry = (kind: CatalogueEntry['kind'], [zh, en, remedyZh, remedyEn]: Words): CatalogueEntry => ({ kind, zh, en, remedyZh, remedyEn });

/** Every code that inventory answers with. */
export const inventoryErrors = {
  IMPORT_UNKNOWN: entry('missing', ['导入不存在', 'There is no such import', '检查 import_id。', 'Check the import id.']),
  IMPORT_DIFFERS: entry('duplicate', ['该 request_id 已用于另一个导入', 'This request id started another import', '换一个 request_id。', 'Use another request id.']),
  IMPORT_ABORTED: entry('refused', ['导入已放弃', 'The import was aborted', '新建导入；原卡密可再次导入。', 'Start a new one; its codes may be imported again.']),
  IMPORT_COMPLETED: entry('refused', ['导入已入库，不能放弃', 'The import is on sale and cannot be aborted', '如需下架，请召回批次。', 'Recall its batch to take it off sale.']),
  IMPORT_PROCESSING: entry('refused', ['卡密正在校验封存', 'The codes are still being checked and sealed', '稍候查询，待状态为 READY 再确认。', 'Ask for the import again; complete it once it is READY.']),
  IMPORT_EMPTY: entry('refused', ['没有任何可入库的卡密', 'No code of it was accepted', '查看被拒行及原因，修正后重新导入。', 'See the refused lines, correct the file, import it anew.']),
  CONTENT_MISSING: entry('refused', ['文件内容尚未传完', 'Its content has not arrived completely', '从 next_offset 续传，最后一块设 last=true。', 'Go on at next_offset; set last on the last chunk.']),
  CONTENT_FINISHED: entry('refused', ['文件已传完，不能再追加', 'Its content is complete; no more can be added', '确认或放弃该导入。', 'Complete or abort it.']),
  OFFSET_WRONG: entry('refused', ['偏移量不对', 'The offset is not the next one', '从 next_offset 处续传。', 'Go on at next_offset.']),
  UPLOAD_TOO_LARGE: entry('invalid', ['文件过大', 'The upload is larger than allowed', '拆分为多个导入。', 'Split it into several imports.']),
  COUNT_DIFFERS: entry('refused', ['可入库数量与预期不符', 'The number of accepted codes is not what you expected', '核对文件与被拒行；或修改 expected_codes。', 'Compare the file with the refused lines, or change expected_codes.']),
  TOO_MANY_REFUSED: entry('refused', ['被拒行数超过上限', 'More lines were refused than you allow', '查看被拒行；放弃后修正，或提高 max_refused。', 'See the refused lines; abort and correct it, or raise max_refused.']),
  TOO_MANY_EXPIRIES: entry('refused', ['有效期过于零散', 'Its expiries are too scattered', '按有效期排序后重新导入。', 'Sort the file by expiry and import it again.']),
  FILE_NOT_TEXT: entry('refused', ['不是文本文件', 'The file is no text', '另存为 CSV 或 TXT（UTF-8 或 GB18030）后重新导入。', 'Save it as CSV or TXT in UTF-8 or GB18030 and import it again.']),
  ENCODING_UNSUPPORTED: entry('refused', ['不支持 UTF-16 编码', 'UTF-16 is not supported', '另存为 UTF-8 或 GB18030。', 'Save it in UTF-8 or GB18030.']),
  COLUMNS_UNCLEAR: entry('refused', ['无法判断各列含义', 'It is unclear which column holds the code', '加表头（卡号、密码、有效期），或指定 format.columns。', 'Add a header (number, code, expiry) or say format.columns.']),
  VAULT_FULL: entry('unavailable', ['密库空间不足', 'There is no space for the vault', '释放空间后自动继续。', 'It goes on once there is space.']),
  SPOOL_FULL: entry('unavailable', ['上传空间不足', 'There is no space for the upload', '释放空间后从 next_offset 续传。', 'Go on at next_offset once there is space.']),
  PRODUCT_UNKNOWN: entry('refused', ['商品不存在', 'There is no such product', '先建商品，或检查 product_id。', 'Create the product first or check its id.']),
  PRODUCT_NOT_STOCKED: entry('refused', ['该类商品没有库存', 'Products of this kind have no stock', '直充商品无需导入卡密。', 'Top-ups need no codes.']),
  PRODUCT_NOT_MINTED: entry('refused', ['只有自有权益券可以生成', 'Only own vouchers are minted', '第三方卡密请用导入。', 'Import codes of others.']),
  SUPPLIER_UNKNOWN: entry('refused', ['供应商不存在', 'There is no such supplier', '先建供应商，或检查 supplier_id。', 'Create the supplier first or check its id.']),
  PATTERN_INVALID: entry('invalid', ['券码格式无效', 'The pattern is not valid', '用 * 表示随机字符、# 表示一位校验符，其余为大写字母、数字或 -。', 'Use * for random characters, one # for the check character, capitals, digits and dashes for themselves.']),
  ALPHABET_INVALID: entry('invalid', ['字符集无效', 'The alphabet is not valid', '至少 10 个互不相同的大写字母或数字。', 'At least ten different capitals or digits.']),
  ALPHABET_CONFUSING: entry('invalid', ['字符集含易混淆字符', 'The alphabet has characters that look alike', '0 与 O、1 与 I 与 L 不可同时使用。', 'Not both 0 and O, nor two of 1, I and L.']),
  ENTROPY_TOO_LOW: entry('invalid', ['券码随机性不足，容易被猜中', 'Such codes could be guessed', '增加 * 的个数，至少 60 个随机比特（建议 80）。', 'Use more random characters: at least 60 bits, better 80.']),
  JOB_UNKNOWN: entry('missing', ['任务不存在', 'There is no such job', '检查 job_id。', 'Check the job id.']),
  BATCH_UNKNOWN: entry('missing', ['批次不存在', 'There is no such batch', '检查 batch_id；未入库的导入还没有批次。', 'Check the batch id; an import that is not complete has none yet.']),
  BATCH_DIFFERS: entry('refused', ['批次与已入库的不一致', 'The batch differs from what was received', '请联系支持人员。', 'Tell support.']),
  VOUCHER_UNKNOWN: entry('missing', ['券不存在', 'There is no such voucher', '检查 voucher_id。', 'Check the voucher id.']),
  VOUCHER_NOT_FREE: entry('refused', ['该券不在可售库存中', 'The voucher is not in free stock', '已售的券请冻结、退款或换券。', 'Freeze, refund or replace vouchers that are sold.']),
  POOL_HELD: entry('refused', ['恢复备份后库存冻结', 'Stock is held after a restore', '核对日志后执行 ReleasePoolHold。', 'Release it with ReleasePoolHold after checking.']),
  POOL_NOT_HELD: entry('refused', ['库存未被冻结', 'Stock is not held', '无需操作。', 'Nothing needs to be done.']),
  OUT_OF_STOCK: entry('refused', ['库存不足', 'Not enough in stock', '补货或减少数量。', 'Bring in stock or order less.']),
  QUOTA_SPENT: entry('refused', ['渠道限量已用完', 'The listing’s quota is spent', '调整上架限量。', 'Raise the listing’s quota.']),
  BUYER_LIMIT_REACHED: entry('refused', ['已达每人限购数量', 'The buyer’s limit is reached', '减少数量。', 'Order fewer.']),
  TOO_LATE: entry('refused', ['请求已过期', 'The request came too late', '重新下单。', 'Place it again.']),
  RESERVATION_ID_REUSED: entry('duplicate', ['预占号已使用', 'The reservation id stands for something else', '换一个预占号。', 'Use another id.']),
  RESERVATION_UNKNOWN: entry('missing', ['预占不存在', 'There is no such reservation', '先预占。', 'Reserve first.']),
  RESERVATION_EXPIRED: entry('refused', ['预占已超时', 'The reservation timed out', '重新预占。', 'Reserve again.']),
  RESERVATION_RELEASED: entry('refused', ['预占已释放', 'The reservation was released', '重新预占。', 'Reserve again.']),
  UNITS_NOT_OUT: entry('refused', ['这些券不在该订单名下', 'These units are not out under that reservation', '核对退回的券。', 'Check which units come back.']),
  DISCLOSURE_NOT_RECORDED: entry('refused', ['没有对应的展示记录', 'No such disclosure was recorded', '先记录展示再取密。', 'Record the disclosure first.']),
  KEY_ERASED: entry('refused', ['该批次密钥已销毁', 'The key of this batch was destroyed', '内容无法恢复。', 'The codes can never be read again.']),
  RECIPIENT_KEY_INVALID: entry('invalid', ['接收方公钥无效', 'The recipient’s key is not usable', '提供 RSA（2048 位以上）或 EC P-256 公钥的 JWK。', 'Give a public JWK: RSA of 2048 bits or more, or EC P-256.']),
  BATCH_NOT_MINTED: entry('refused', ['只能导出自有权益券', 'Only minted vouchers can be exported', '第三方卡密不可导出。', 'Codes of others are not exported.']),
  UNITS_NOT_FREE: entry('refused', ['所选范围不全在可售库存中', 'Not all of these units are in free stock', '缩小范围；已售部分请走交付。', 'Choose another range; sold units are delivered by their orders.']),
  FILTER_INVALID: entry('invalid', ['筛选条件无效', 'The filter is not understood', '用 字段=值，以 AND 连接；可用字段见接口文档。', 'Use field=value joined by AND; the API pages name the fields.']),
  ETAG_MISMATCH: entry('aborted', ['数据已变化', 'It has changed since you read it', '重新读取后再试。', 'Read it again and retry.']),
} as const satisfies Catalogue;
export type InventoryCode = keyof typeof inventoryErrors;

export const failureOf = (code: InventoryCode, details: Details = {}, pointer?: string): RpcFailure => fail(inventoryErrors, code, details, pointer);
