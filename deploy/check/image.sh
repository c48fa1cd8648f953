#!/usr/bin/env bash
# Builds the image for real and runs the all-in-one in it: read-only root, non-root user, no capabilities. Uses Docker where there
# is one; else podman and buildah, with a base made on the spot by mmdebstrap (no image is pulled). What is missing is said by name
# and the check is skipped, unless VOUCHSAFE_REQUIRE_ENGINE=1. Everything it makes lies in .tools/image. Needs root without Docker.
#   deploy/check/image.sh            build, then run
#   deploy/check/image.sh build|run  one of the two
set -euo pipefail
cd "$(dirname "$0")/../.."
HERE=$PWD/.tools/image
COMMIT=${VOUCHSAFE_IMAGE_COMMIT:-HEAD}
TAG=localhost/vouchsafe:check
BASE_TAG=localhost/vouchsafe-base:check
mkdir -p "$HERE"

skip() {
  echo "image: skipped: $1"
  if [ "${VOUCHSAFE_REQUIRE_ENGINE:-}" = 1 ]; then exit 1; fi
  exit 0
}
say() { echo "image: $*"; }

if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
  ENGINE=docker
else
  ENGINE=podman
  for tool in podman buildah runc mmdebstrap; do
    command -v $tool >/dev/null 2>&1 || skip "no Docker, and $tool is not installed (Debian: apt-get install podman buildah runc mmdebstrap)"
  done
  [ "$(id -u)" = 0 ] || skip "no Docker, and mmdebstrap and podman need root here"
fi
STORE=(--root "$HERE/store" --runroot "$HERE/run" --storage-driver vfs)
podman_() { podman "${STORE[@]}" --cgroup-manager cgroupfs --runtime "$(command -v runc)" "$@"; }
buildah_() { BUILDAH_ISOLATION=chroot buildah "${STORE[@]}" "$@"; }

# What Docker's own node image is: Debian 12, Node 24, npm. And what this machine needs to reach its registry.
make_base() {
  if buildah_ inspect --type image $BASE_TAG >/dev/null 2>&1; then return; fi
  say "making a base (Debian 12, Node $(node_modules/.bin/node --version))"
  local root=$HERE/base npm ca=/etc/ssl/certs/ca-certificates.crt
  npm=$(npm root -g)/npm
  rm -rf "$root" && mkdir -p "$root"
  [ -f "$HERE/base.tar" ] || mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6,libatomic1 bookworm "$HERE/base.tar"
  tar -C "$root" --exclude='./dev/*' -xf "$HERE/base.tar"
  install -m 755 node_modules/node/bin/node "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -rL "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  cp "$ca" "$root$ca"
  local container
  container=$(buildah_ from scratch)
  buildah_ add --quiet "$container" "$root" / >/dev/null
  buildah_ config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env NODE_EXTRA_CA_CERTS=$ca "$container"
  buildah_ commit --quiet --rm "$container" $BASE_TAG >/dev/null
  rm -rf "$root"
}

# From a commit (the last one, or VOUCHSAFE_IMAGE_COMMIT): what somebody is editing right now is no part of an image.
build() {
  local context=$HERE/context from=$SECONDS
  rm -rf "$context" && mkdir -p "$context"
  git archive "$COMMIT" | tar -x -C "$context"
  if [ $ENGINE = docker ]; then
    docker build -q -f "$context/deploy/Dockerfile" -t $TAG "$context"
  else
    ulimit -n 20000
    ulimit -u 32768 2>/dev/null || true
    make_base
    buildah_ bud --ulimit nofile=20000:20000 --format docker --build-arg BASE=$BASE_TAG -f "$context/deploy/Dockerfile" -t $TAG "$context" >"$HERE/build.log" 2>&1 || { tail -40 "$HERE/build.log"; exit 1; }
  fi
  rm -rf "$context"
  say "built from $(git rev-parse --short "$COMMIT") by $ENGINE in $((SECONDS - from)) s"
}

engine() { if [ $ENGINE = docker ]; then docker "$@"; else podman_ "$@"; fi; }
hardened() {
  local limits=()
  [ $ENGINE = podman ] && limits=(--ulimit nofile=20000:20000 --ulimit nproc=32768:32768)
  engine run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network "${NETWORK:-host}" "${limits[@]}" "$@"
}
free_port() { node_modules/.bin/node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

expect() { # what, wanted part of the output, command …
  local what=$1 part=$2 told; shift 2
  told=$("$@" 2>&1) || true
  if [[ $told == *"$part"* ]]; then say "✔ $what"; else say "✘ $what: $told"; exit 1; fi
}

NAME=vouchsafe-check-$$
cleanup() { engine rm -f "$NAME" >/dev/null 2>&1 || true; engine volume rm -f "$NAME-data" "$NAME-live" "$NAME-keys" "$NAME-journal" >/dev/null 2>&1 || true; }
run() {
  local http grpc
  http=$(free_port) grpc=$(free_port)
  trap cleanup EXIT
  hardened --rm $TAG service nothing >/dev/null 2>&1 && { say "✘ a service that does not exist was started"; exit 1; }
  # In one container: without an overlay each start copies the whole image.
  local services='gateway access catalog inventory order risk fulfillment redemption ledger insight'
  hardened --rm --entrypoint sh $TAG -c "for service in $services; do node deploy/image/entrypoint.mjs service \$service --check-config; done" >"$HERE/services.log" 2>&1 || true
  for service in $services; do
    expect "service $service: says what its environment lacks" "$service: VOUCHSAFE_NAMESPACE" cat "$HERE/services.log"
  done
  hardened --detach --name "$NAME" -v "$NAME-data:/data" -v "$NAME-keys:/keys" -v "$NAME-journal:/journal" \
    -e VOUCHSAFE_HTTP_PORT="$http" -e VOUCHSAFE_GRPC_PORT="$grpc" $TAG up --sandbox --furnish --keys-file /data/env >/dev/null
  inside() { engine exec "$NAME" "$@"; }
  for _ in $(seq 120); do inside node deploy/image/health.mjs >/dev/null 2>&1 && inside test -f /data/env && break; sleep 1; done
  inside node deploy/image/health.mjs || { engine logs "$NAME"; exit 1; }
  with_env() { inside sh -c ". /data/env; $1"; }
  expect 'runs as 10001' 'uid=10001' inside id
  expect 'the root cannot be written' 'Read-only file system' inside touch /app/x
  expect 'has no capabilities' '0000000000000000' inside grep CapEff /proc/self/status
  local vouchsafe='node services/cli/bin/vouchsafe.js'
  inside sed -n 's/^export VOUCHSAFE_KEY=//p' /data/env >"$HERE/key"
  local url=http://127.0.0.1:$http
  auth() { curl -s -H "authorization: Bearer $(cat "$HERE/key")" "$@"; }
  order() { auth -X POST "$url/v1/orders" -H 'content-type: application/json' -d "{\"number\":\"TOUR-1\",\"lines\":[{\"productId\":\"prd_coffee\",\"quantity\":$1}]}"; }
  expect 'answers who the caller is' 'principalId' auth "$url/v1/caller"
  expect 'an order is completed' '"state":"ORDER_STATE_COMPLETED"' order 1
  expect 'the same number with another body is refused' 'ORDER_NUMBER_REUSED' order 2
  local code
  code=$(with_env "$vouchsafe order --number TOUR-2 --product prd_coffee --secrets --json" | node_modules/.bin/node -p 'JSON.parse(require("fs").readFileSync(0)).secrets[0].secrets[0].code')
  expect 'a voucher is redeemed' 'STATE_REDEEMED' with_env "$vouchsafe redeem --code '$code' --sequence 1 --json"
  expect 'and not twice' 'ALREADY_REDEEMED' with_env "$vouchsafe redeem --code '$code' --sequence 2 --json"
  expect 'figures are shown' 'vouchsafe_calls_total{method="vouchsafe.order.v1.OrderService/PlaceOrder"' curl -s "$url/metrics"
  expect 'SIGTERM drains it in time' 'exit 0' stopped
  engine rm "$NAME" >/dev/null
  hardened --rm -v "$NAME-data:/data" -v "$NAME-keys:/keys" -v "$NAME-journal:/journal" $TAG audit verify
  rm -f "$HERE/key"
  as_the_chart
}
# With exactly the environment the chart gives the all-in-one: live, production, all interfaces, TLS. In a network of its own.
as_the_chart() {
  local variables=() tls=$HERE/tls
  while IFS= read -r line; do variables+=(-e "$line"); done < <(sed -n 's/^  \(\(VOUCHSAFE\|OTEL\)_[A-Z_]*\): "\{0,1\}\([^"]*\)"\{0,1\}$/\1=\3/p' deploy/helm/golden/all-in-one.yaml)
  [ ${#variables[@]} -gt 4 ] || { say 'the golden render names no variables'; exit 1; }
  mkdir -p "$tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=vouchsafe -keyout "$tls/tls.key" -out "$tls/tls.crt" 2>/dev/null
  chmod 644 "$tls/tls.key"
  NETWORK=none hardened --detach --name "$NAME" -v "$NAME-live:/data" -v "$NAME-keys:/keys" -v "$NAME-journal:/journal" -v "$tls:/etc/vouchsafe/tls:ro" "${variables[@]}" \
    -e VOUCHSAFE_DATA=/data/store -e VOUCHSAFE_KEYS=/keys/files -e VOUCHSAFE_JOURNAL=/journal/files \
    -e VOUCHSAFE_TLS_CERT=/etc/vouchsafe/tls/tls.crt -e VOUCHSAFE_TLS_KEY=/etc/vouchsafe/tls/tls.key $TAG up >/dev/null
  for _ in $(seq 60); do engine exec "$NAME" node deploy/image/health.mjs >/dev/null 2>&1 && break; sleep 1; done
  engine exec "$NAME" node deploy/image/health.mjs || { engine logs "$NAME"; exit 1; }
  say '✔ ready with the environment of the chart: live, production, TLS'
  expect 'SIGTERM drains it in time' 'exit 0' stopped
  engine rm "$NAME" >/dev/null
  hardened --rm -v "$NAME-live:/data" -v "$NAME-keys:/keys" -v "$NAME-journal:/journal" -e VOUCHSAFE_DATA=/data/store -e VOUCHSAFE_KEYS=/keys/files -e VOUCHSAFE_JOURNAL=/journal/files \
    $TAG keys bootstrap --namespace live --file /data/first-admin.env >/dev/null
  say '✔ the key of the first administrator is made on the stopped directory'
}

# Its own exit code; it is killed where it takes longer than an orchestrator would wait.
stopped() {
  engine stop -t 30 "$NAME" >/dev/null
  echo "exit $(engine inspect --format '{{.State.ExitCode}}' "$NAME")"
}

case "${1:-all}" in
  build) build ;;
  run) run ;;
  all) build; run ;;
  *) echo "build | run" >&2; exit 2 ;;
esac
