#!/usr/bin/env bash
# Runs one contract suite (the read store on MongoDB) through testcontainers. Uses Docker where there is one, with the projects' own
# images; else podman's API on a socket of its own, with an image of MongoDB built on the spot: Debian by mmdebstrap, and the mongod that
# tests use (nothing is pulled). What is missing is said by name and the check is skipped, unless VOUCHSAFE_REQUIRE_ENGINE=1. Needs root
# without Docker. Everything it makes lies in .tools/image.
set -euo pipefail
cd "$(dirname "$0")/../.."
HERE=$PWD/.tools/image
TAG=localhost/vouchsafe-mongo:check
MONGOD=$PWD/.tools/mongod-6.0.5/fiftyone/db/bin/mongod
mkdir -p "$HERE"

skip() {
  echo "containers: skipped: $1"
  if [ "${VOUCHSAFE_REQUIRE_ENGINE:-}" = 1 ]; then exit 1; fi
  exit 0
}
say() { echo "containers: $*"; }
suite() { node_modules/.bin/jest -c jest.real.config.cjs libs/read-store-mongo/src/mongo-read-store.real.spec.ts; }
told() { say "$(node_modules/.bin/node -p 'JSON.parse(require("fs").readFileSync(".cache/real-servers.json")).find((each) => each.startsWith("ReadStore"))')"; }
export PATH=$PWD/node_modules/.bin:$PATH

if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
  suite && told
  exit
fi
for tool in podman buildah runc mmdebstrap iptables; do
  command -v $tool >/dev/null 2>&1 || skip "no Docker, and $tool is not installed (Debian: apt-get install podman buildah runc netavark iptables mmdebstrap)"
done
[ "$(id -u)" = 0 ] || skip 'no Docker, and mmdebstrap and podman need root here'
[ -x "$MONGOD" ] || skip "no Docker, and no mongod in .tools (any suite on a real MongoDB fetches it)"
STORE=(--root "$HERE/store" --runroot "$HERE/run" --storage-driver vfs)

# What the image of MongoDB is: Debian 12 and mongod.
if ! buildah "${STORE[@]}" inspect --type image $TAG >/dev/null 2>&1; then
  say 'building an image of MongoDB 6.0.5'
  root=$HERE/mongo
  rm -rf "$root" && mkdir -p "$root"
  [ -f "$HERE/mongo.tar" ] || mmdebstrap --quiet --variant=minbase --include=libcurl4,libssl3,liblzma5 bookworm "$HERE/mongo.tar"
  tar -C "$root" --exclude='./dev/*' -xf "$HERE/mongo.tar"
  mkdir -p "$root/data/db"
  install -m 755 "$MONGOD" "$root/usr/local/bin/mongod"
  export BUILDAH_ISOLATION=chroot
  container=$(buildah "${STORE[@]}" from scratch)
  buildah "${STORE[@]}" add --quiet "$container" "$root" / >/dev/null
  buildah "${STORE[@]}" config --env PATH=/usr/local/bin:/usr/bin:/bin --cmd mongod "$container"
  buildah "${STORE[@]}" commit --quiet --rm "$container" $TAG >/dev/null
  rm -rf "$root"
fi

socket=$HERE/podman.sock
rm -f "$socket"
podman "${STORE[@]}" --cgroup-manager cgroupfs --runtime "$(command -v runc)" system service --time 0 "unix://$socket" >"$HERE/service.log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -S "$socket" ] && break; sleep 0.1; done
[ -S "$socket" ] || { tail -5 "$HERE/service.log"; exit 1; }
# Its reaper would be pulled; the suite stops what it started.
export DOCKER_HOST=unix://$socket TESTCONTAINERS_RYUK_DISABLED=true VOUCHSAFE_TEST_MONGO_IMAGE=$TAG
suite && told
