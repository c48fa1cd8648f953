module.exports = async () => {
  await Promise.all((globalThis.vouchsafeTestServers ?? []).map((servers) => servers.stop()));
};
