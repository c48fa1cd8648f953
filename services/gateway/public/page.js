// The front page: who am I, what is being ordered, what happened to one voucher. Talks to this origin only; the key a
// person pastes lives in this tab's sessionStorage.
(() => {
  const KEY = 'vouchsafe.key';
  const LANGUAGE = 'vouchsafe.language';
  const POLL_MS = 2000;
  const byId = (id) => document.getElementById(id);
  let language = localStorage.getItem(LANGUAGE) ?? (/^zh/i.test(navigator.language) ? 'zh' : 'en');
  let polling = 0;
  let refused = false; // a refused key is not asked with again, until another one is pasted
  let orders = [];
  let events = [];

  const WORDS = {
    zh: {
      states: { OPEN: '进行中', PENDING: '处理中', FULFILLING: '交付中', IN_REVIEW: '人工审核', COMPLETED: '已完成', CANCELLED: '已取消', REJECTED: '已拒绝', REFUSED: '已拒绝' },
      switch: 'English', none: '尚无订单', noKey: '请先粘贴密钥', signedIn: (caller) => `${caller.mode === 'live' ? '正式环境' : '沙箱'} · ${caller.principalId}`,
      failed: (problem) => `${problem.title.replace(/。$/, '')}。${problem.detail}（${problem.code}）`, offline: '服务没有响应', loading: '读取中…', empty: '没有找到任何事件', ms: (ms) => `${Math.round(ms)} 毫秒`,
    },
    en: {
      states: { OPEN: 'open', PENDING: 'pending', FULFILLING: 'delivering', IN_REVIEW: 'in review', COMPLETED: 'completed', CANCELLED: 'cancelled', REJECTED: 'rejected', REFUSED: 'refused' },
      switch: '中文', none: 'No orders yet', noKey: 'Paste a key first', signedIn: (caller) => `${caller.mode} · ${caller.principalId}`,
      failed: (problem) => `${problem.title.replace(/\.$/, '')}. ${problem.detail} (${problem.code})`, offline: 'The service does not answer', loading: 'Reading…', empty: 'No event was found', ms: (ms) => `${Math.round(ms)} ms`,
    },
  };
  const words = () => WORDS[language];
  const stateOf = (state) => words().states[state] ?? state;
  const countsOf = (states) => (states.length === 0 ? words().none : states.map(([state, count]) => `${stateOf(state)} ${count}`).join(' · '));

  const call = async (path) => {
    const key = sessionStorage.getItem(KEY);
    if (!key) throw { told: words().noKey };
    let response;
    try {
      response = await fetch(path, { headers: { authorization: `Bearer ${key}`, accept: 'application/json', 'accept-language': language } });
    } catch {
      throw { told: words().offline };
    }
    const body = await response.json();
    if (!response.ok) throw { told: words().failed(body), status: response.status };
    return body;
  };
  const tell = (id, text, isBad = false) => {
    byId(id).textContent = text;
    byId(id).classList.toggle('bad', isBad);
  };
  const told = (error) => error.told ?? String(error);
  const cell = (text) => {
    const td = document.createElement('td');
    td.textContent = text ?? '';
    return td;
  };
  const money = (amount) => (amount ? `${amount.display || amount.minor} ${amount.currency}` : '');
  const time = (text) => (text ? new Date(text).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB') : '');

  const showWho = async () => {
    try {
      tell('who', words().signedIn(await call('/v1/caller')));
    } catch (error) {
      refused = error.status === 401;
      tell('who', told(error), sessionStorage.getItem(KEY) !== null);
    }
  };

  const showOrders = async () => {
    try {
      const overview = await call('/v1/overview');
      tell('counts', countsOf(Object.entries(overview.ordersByState ?? {})));
      orders = overview.recent ?? [];
    } catch (error) {
      refused ||= error.status === 401 || error.status === 403;
      orders = refused ? [] : orders;
      tell('counts', told(error), sessionStorage.getItem(KEY) !== null);
    }
    drawOrders();
  };
  const drawOrders = () => {
    byId('orders').replaceChildren(...orders.map((order) => {
      const row = document.createElement('tr');
      const id = document.createElement('td');
      const link = document.createElement('button');
      link.type = 'button';
      link.className = 'link';
      link.textContent = order.orderId;
      link.addEventListener('click', () => {
        byId('life-id').value = order.orderId;
        void showLife(order.orderId);
        byId('life-form').scrollIntoView({ block: 'nearest' });
      });
      id.append(link);
      row.append(id, cell(order.channelId), cell(stateOf(order.state)), cell(order.reason), cell(money(order.total)), cell(order.ms ? words().ms(order.ms) : ''), cell(time(order.placedAt)));
      return row;
    }));
  };
  const poll = () => {
    clearTimeout(polling);
    const again = () => { polling = setTimeout(poll, POLL_MS); };
    if (sessionStorage.getItem(KEY) && !document.hidden && !refused) void showOrders().finally(again);
    else again();
  };

  const showLife = async (id) => {
    tell('life-status', words().loading);
    events = [];
    drawLife();
    const field = id.startsWith('ord_') ? 'orderId' : id.startsWith('chn_') ? 'channelId' : id.startsWith('acc_') ? 'accountId' : 'voucherId';
    try {
      ({ events } = await call(`/v1/timeline?${new URLSearchParams({ [field]: id })}`));
      tell('life-status', events.length === 0 ? words().empty : '');
      drawLife();
    } catch (error) {
      tell('life-status', told(error), true);
    }
  };
  const drawLife = () => {
    byId('life').replaceChildren(...events.map((event) => {
      const item = document.createElement('li');
      const title = document.createElement('strong');
      title.textContent = event.title?.[language] || event.type;
      const facts = document.createElement('div');
      facts.className = 'soft';
      facts.textContent = `${time(event.occurredAt)} · ${event.principal} · ${event.type} · ${event.stream}`;
      item.append(title, facts);
      return item;
    }));
  };

  const speak = () => {
    document.documentElement.lang = language;
    byId('language').textContent = words().switch;
    for (const element of document.querySelectorAll('[data-zh]')) element.textContent = element.dataset[language];
    drawOrders();
    drawLife();
    void showWho();
  };
  /** What one key may see is not for the next one. */
  const clear = () => {
    refused = false;
    orders = [];
    events = [];
    drawOrders();
    drawLife();
    tell('counts', '');
    tell('life-status', '');
  };

  byId('language').addEventListener('click', () => {
    language = language === 'zh' ? 'en' : 'zh';
    localStorage.setItem(LANGUAGE, language);
    speak();
    poll();
  });
  byId('key-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const key = byId('key').value.trim();
    if (key !== '') sessionStorage.setItem(KEY, key);
    byId('key').value = '';
    clear();
    void showWho();
    poll();
  });
  byId('forget').addEventListener('click', () => {
    sessionStorage.removeItem(KEY);
    clear();
    void showWho();
  });
  byId('life-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const id = byId('life-id').value.trim();
    if (id !== '') void showLife(id);
  });

  speak();
  poll();
})();
