"""Validates Kubernetes documents strictly and offline: unknown fields are errors. Built-in kinds by the schemas inside the package
kubernetes-validate, for its newest three minor versions; others by the CRDs in .tools/crds. A kind without a schema is an error. Pods keep to the Pod Security
Standard "restricted".

    validate.py <crds folder> <rendered.yaml> ...
"""
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml
from kubernetes_validate.utils import all_versions

NEWEST = 3


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.1 reads a bare `=` as a tag of its own; CRDs mean the text."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def documents(file):
    return yaml.load_all(pathlib.Path(file).read_text(), Loader)


def strict(schema):
    """The CRD's schema, refusing what an API server would silently drop."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) if key not in ("default", "enum", "required") else value for key, value in schema.items()}
    if "properties" in made and isinstance(made["properties"], dict) and made.get("type") == "object":
        if not made.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in made:
            made["additionalProperties"] = False
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return made


def custom_schemas(folder):
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*/*.yaml")):
        for crd in documents(file):
            if not crd or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def unrestricted(pod):
    """What the Pod Security Standard "restricted" forbids, and what we forbid besides: a writable root, the cluster's token."""
    security = pod.get("securityContext", {})
    yield from (f"{name} is set" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    yield from (f"volume {each['name']}" for each in pod.get("volumes", []) if not VOLUMES & each.keys())
    if pod.get("automountServiceAccountToken") is not False:
        yield "the account's token is mounted"
    for container in pod["containers"] + pod.get("initContainers", []):
        own = {**security, **container.get("securityContext", {})}
        wanted = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "readOnlyRootFilesystem": True}
        yield from (f"{container['name']}: {name} is {own.get(name)}" for name, value in wanted.items() if own.get(name) is not value)
        if own.get("privileged") or own.get("runAsUser") == 0:
            yield f"{container['name']}: privileged or root"
        if own.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{container['name']}: no seccomp profile"
        if "ALL" not in own.get("capabilities", {}).get("drop", []) or own["capabilities"].get("add"):
            yield f"{container['name']}: capabilities are kept"
        yield from (f"{container['name']}: host port {port['hostPort']}" for port in container.get("ports", []) if "hostPort" in port)


def main(crds, files):
    custom = custom_schemas(crds)
    versions = list(dict.fromkeys(all_versions()))[-NEWEST:]
    problems, counted, skipped = [], 0, set()
    for file in files:
        for document in documents(file):
            if not document:
                continue
            kind = document["apiVersion"], document["kind"]
            where = f"{pathlib.Path(file).name} {document['kind']}/{document['metadata']['name']}"
            if kind[1] in ("Deployment", "StatefulSet", "Job"):
                problems += [f"{where}: not restricted: {each}" for each in unrestricted(document["spec"]["template"]["spec"])]
            if kind in custom:
                counted += 1
                for error in jsonschema.Draft202012Validator(custom[kind]).iter_errors(document):
                    problems.append(f"{where}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
                continue
            if "." in kind[0] and not kind[0].split("/")[0].endswith("k8s.io"):
                skipped.add(f"{kind[0]} {kind[1]}")
                continue
            for version in versions:
                counted += 1
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except kubernetes_validate.SchemaNotFoundError:
                    if kind[0].startswith("gateway.networking"):
                        skipped.add(f"{kind[0]} {kind[1]}")
                    else:
                        problems.append(f"{where}: no schema of {kind} in {version}")
                except kubernetes_validate.ValidationError as error:
                    problems.append(f"{where} ({version}): {'/'.join(map(str, error.path))}: {error.message[:200]}")
    for each in sorted(skipped):
        print(f"  skipped: {each} (no schema: its CRDs are not in {crds})")
    for each in problems:
        print(f"  {each}")
    print(f"  {counted} documents checked against {', '.join(versions)} and CRDs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
