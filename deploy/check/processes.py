"""Prints the environment of each process that a render of the chart or a compose file starts, as JSON: [{"name", "args", "env"}].

    processes.py <file.yaml>
"""
import json
import pathlib
import re
import sys

import yaml


def defaults(value):
    """What Compose puts in where a variable is not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))


def of_compose(document):
    for name, service in document["services"].items():
        if str(service.get("image", "")).startswith("vouchsafe") and "entrypoint" not in service:
            yield {"name": name, "args": service.get("command", []), "env": {key: defaults(value) for key, value in service.get("environment", {}).items()}}


def of_kubernetes(documents):
    maps = {each["metadata"]["name"]: each["data"] for each in documents if each["kind"] == "ConfigMap"}
    for each in documents:
        if each["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        for container in each["spec"]["template"]["spec"]["containers"]:
            env = {}
            for source in container.get("envFrom", []):
                env.update(maps[source["configMapRef"]["name"]])
            env.update({one["name"]: one.get("value", "from a secret") for one in container.get("env", [])})
            yield {"name": container["name"], "args": container["args"], "env": env}


documents = [each for each in yaml.safe_load_all(pathlib.Path(sys.argv[1]).read_text()) if each]
print(json.dumps(list(of_compose(documents[0]) if "services" in documents[0] else of_kubernetes(documents))))
