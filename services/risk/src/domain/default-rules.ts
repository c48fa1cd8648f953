import type { Rule, RuleSet } from './rules.js';

const rule = (name: string, action: Rule['action'], when: string, zh: string, en: string, shadow = false): Rule => ({ name, action, when, zh, en, shadow });

/**
 * The rules the platform ships with, in force until a rule set is published. Whoever is on an allow list passes all but the
 * block lists. A new text needs a new version, for verdicts name it.
 */
export const DEFAULT_RULES: RuleSet = {
  version: 'shipped@1',
  rules: [
    rule('on-block-list', 'deny', 'list_block', '买家、设备、IP 或收款账户在黑名单上', 'the buyer, device, address or payee is on a block list'),
    // Measured on 33,236 first purchases: nobody honest buys within a minute of signing up, half of all fraud does.
    rule('bought-at-sign-up', 'deny', '!list_allow && account_known && account_age_s <= 60', '注册后一分钟内即下单', 'ordered within a minute of signing up'),
    rule('device-of-many', 'review', '!list_allow && device_buyers_30d >= 3', '同一设备 30 天内有三名以上其他买家', 'three or more other buyers used the device within 30 days'),
    rule('address-of-many', 'review', '!list_allow && ip_buyers_1d >= 5', '同一 IP 一天内有五名以上其他买家', 'five or more other buyers used the address within a day'),
    rule('payee-of-many', 'review', '!list_allow && payee_buyers_1d >= 5', '同一收款账户一天内有五名以上其他买家', 'five or more other buyers topped up the account within a day'),
    rule('charged-back-before', 'review', '!list_allow && (buyer_chargebacks_30d >= 1 || device_chargebacks_30d >= 2)', '买家或设备 30 天内有拒付', 'the buyer or the device had charge-backs within 30 days'),
    rule('from-tor', 'review', '!list_allow && ip_network == "tor"', '来自 Tor 网络', 'comes from the Tor network'),
    rule('device-shared', 'challenge', '!list_allow && device_buyers_7d >= 1', '同一设备 7 天内有其他买家', 'another buyer used the device within 7 days'),
    rule('address-shared', 'challenge', '!list_allow && ip_buyers_1d >= 2', '同一 IP 一天内有两名以上其他买家', 'two or more other buyers used the address within a day'),
    rule('buyer-in-a-hurry', 'challenge', '!list_allow && (buyer_orders_1m >= 10 || buyer_orders_1h >= 60)', '买家短时间内下单过多', 'the buyer orders too often in a short time'),
    rule('device-in-a-hurry', 'challenge', '!list_allow && device_orders_1m >= 20', '设备短时间内下单过多', 'the device orders too often in a short time'),
    rule('failed-before', 'challenge', '!list_allow && (buyer_failures_1h >= 5 || device_failures_1h >= 10)', '一小时内多次登录、支付或验证失败', 'many failed log-ins, payments or challenges within an hour'),
    rule('from-datacenter', 'challenge', '!list_allow && ip_network == "datacenter" && account_age_s < 86400', '新账户或未知账户来自数据中心', 'a new or unknown account comes from a datacenter'),
    rule('disposable-e-mail', 'challenge', '!list_allow && email_disposable', '使用一次性邮箱', 'uses a disposable e-mail'),
    rule('from-vpn', 'challenge', 'ip_network == "vpn"', '来自 VPN（仅观察）', 'comes from a VPN (watched only)', true),
    rule('device-charged-back-elsewhere', 'review', 'any_device_chargebacks_30d >= 2', '设备在其他渠道有拒付（仅观察）', 'the device had charge-backs on other channels (watched only)', true),
  ],
};
