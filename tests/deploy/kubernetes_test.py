#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""The DaemonSet: its parts fit together, its flags and configuration are the daemon's, and with its mounts and
capabilities, in namespaces made like a container's, the daemon measures the host."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import yaml

from harness import BUILD, free_port, require_namespaces, skip, wait_for

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"]) / "deploy"
PORT = free_port()

# What Kubernetes knows below the kinds used here; None: a scalar or anything.
NAMED = {"name": None}
PROBE = {"httpGet": {"path": None, "port": None}, "periodSeconds": None, "failureThreshold": None}
CONTAINER = {
    "name": None, "image": None, "args": [None], "readinessProbe": PROBE, "livenessProbe": PROBE,
    "ports": [{"name": None, "containerPort": None, "hostPort": None, "protocol": None}],
    "resources": {"requests": {"cpu": None, "memory": None}, "limits": {"cpu": None, "memory": None}},
    "securityContext": {"runAsUser": None, "privileged": None, "allowPrivilegeEscalation": None,
                        "readOnlyRootFilesystem": None, "capabilities": {"drop": [None], "add": [None]},
                        "seccompProfile": {"type": None}},
    "volumeMounts": [{"name": None, "mountPath": None, "readOnly": None, "mountPropagation": None}]}
POD = {"hostPID": None, "hostNetwork": None, "dnsPolicy": None, "automountServiceAccountToken": None,
       "enableServiceLinks": None, "terminationGracePeriodSeconds": None, "nodeSelector": "any", "containers": [CONTAINER],
       "tolerations": [{"operator": None}],
       "volumes": [{"name": None, "configMap": NAMED, "hostPath": {"path": None}}]}
META = {"name": None, "namespace": None, "labels": "any"}
SCHEMA = {
    ("v1", "Namespace"): {"metadata": META},
    ("v1", "ConfigMap"): {"metadata": META, "data": "any"},
    ("apps/v1", "DaemonSet"): {"metadata": META, "spec": {
        "selector": {"matchLabels": "any"}, "updateStrategy": {"type": None, "rollingUpdate": {"maxUnavailable": None}},
        "template": {"metadata": META, "spec": POD}}}}


def check_schema(value, schema, where):
    if schema is None:
        assert not isinstance(value, (dict, list)), f"{where}: not a plain value"
    elif isinstance(schema, list):
        assert isinstance(value, list), f"{where}: not a list"
        for number, one in enumerate(value):
            check_schema(one, schema[0], f"{where}[{number}]")
    elif isinstance(schema, dict):
        assert isinstance(value, dict), f"{where}: not a map"
        for key, one in value.items():
            assert key in schema, f"{where}: unknown key {key}"
            check_schema(one, schema[key], f"{where}.{key}")


def check_parts(kinds):
    daemon_set = kinds["DaemonSet"]
    template = daemon_set["spec"]["template"]
    pod = template["spec"]
    container = pod["containers"][0]
    version = re.search(r"^project\(kernstat VERSION (\S+)", (SOURCE.parent / "CMakeLists.txt").read_text(), re.M).group(1)
    assert container["image"] == f"kernstat:{version}", f"{container['image']} is not of version {version}"
    selected = daemon_set["spec"]["selector"]["matchLabels"]
    assert selected.items() <= template["metadata"]["labels"].items(), "the selector does not match the pods"
    volumes = {one["name"] for one in pod["volumes"]}
    assert volumes == {one["name"] for one in container["volumeMounts"]}, "volumes and mounts differ"
    assert all(one["readOnly"] for one in container["volumeMounts"]), "a mount that can be written"
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["BPF", "PERFMON"]}
    assert not security["privileged"] and not security["allowPrivilegeEscalation"] and security["readOnlyRootFilesystem"]
    scraped = yaml.safe_load((SOURCE / "prometheus/scrape-kubernetes.yaml").read_text())["scrape_configs"][0]
    wanted = {rule["source_labels"][0]: rule["regex"] for rule in scraped["relabel_configs"] if rule.get("action") == "keep"}
    assert wanted == {"__meta_kubernetes_pod_label_app_kubernetes_io_name": selected["app.kubernetes.io/name"],
                      "__meta_kubernetes_pod_container_port_name": container["ports"][0]["name"]}
    return pod, container


INSIDE = r"""
set -e
mount --make-rprivate /
root=$1
mount -t tmpfs tmpfs "$root"
mkdir -p "$root/usr" "$root/etc/kernstat" "$root/run" "$root/tmp" "$root/proc" "$root/sys" "$root/image"
for part in bin lib lib64 sbin; do ln -s usr/$part "$root/$part"; done
mount --bind -o ro /usr "$root/usr"
mount --bind /etc/ld.so.cache "$(touch "$root/etc/ld.so.cache"; echo "$root/etc/ld.so.cache")"
cp "$2/kernstatd" "$root/image/"
cp -r "$2/bpf" "$root/image/"
cp "$3" "$root/etc/kernstat/kernstatd.yaml"
# What a container runtime mounts itself.
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
shift 3
# Pairs of a path on the host and where it is mounted.
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --rbind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
done
shift
mount -o remount,ro "$root"
exec chroot "$root" /usr/bin/setpriv --bounding-set=-all,+bpf,+perfmon --inh-caps=-all --no-new-privs \
  /image/kernstatd "$@"
"""


def get(path):
    """What the daemon answers; None when it does not, or with an error."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


def run_like_a_container(pod, container, config, directory):
    """In the host's pid and network namespace, with a root of its own, the mounts and the two capabilities."""
    places = {one["name"]: one["hostPath"]["path"] for one in pod["volumes"] if "hostPath" in one}
    mounts = [text for one in container["volumeMounts"] if one["name"] in places
              for text in (places[one["name"]], one["mountPath"])]
    path = pathlib.Path(directory) / "kernstatd.yaml"
    path.write_text(config)
    root = pathlib.Path(directory) / "root"
    root.mkdir()
    process = subprocess.Popen(
        ["unshare", "--mount", "--ipc", "--uts", "sh", "-c", INSIDE, "sh", root, BUILD, path, *mounts, "--",
         *container["args"], f"--web.listen-address=127.0.0.1:{PORT}"])
    try:
        def ready():
            assert process.poll() is None, f"it ended: {process.returncode}"
            return get(container["readinessProbe"]["httpGet"]["path"])
        wait_for("ready", ready, 30)
        assert get(container["livenessProbe"]["httpGet"]["path"]) is not None
        text = get("/metrics")
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        assert int(next(line for line in status.splitlines() if line.startswith("CapBnd")).split()[1], 16) == 3 << 38
    finally:
        process.terminate()
        process.wait(20)
    assert 'kernstat_collector_state{collector="biolatency",state="ok"} 1' in text, "no BPF tool runs"
    assert 'state="failed"' not in text, [line for line in text.splitlines() if 'state="failed"' in line]
    assert 'node_filesystem_size_bytes{device="' in text and 'mountpoint="/"' in text, "the host's / is not seen"
    assert "/host/root" not in text, "mount points as the container sees them"
    hosts = next(line.split()[1] for line in open("/proc/stat") if line.startswith("btime"))
    assert float(next(line.split()[1] for line in text.splitlines() if line.startswith("node_boot_time_seconds "))) == float(hosts)


def main():
    documents = list(yaml.safe_load_all((SOURCE / "kubernetes/kernstat.yaml").read_text()))
    for one in documents:
        kind = (one.pop("apiVersion"), one["kind"])
        assert kind in SCHEMA, kind
        check_schema({key: value for key, value in one.items() if key != "kind"}, SCHEMA[kind], kind[1])
    kinds = {one["kind"]: one for one in documents}
    pod, container = check_parts(kinds)
    config = kinds["ConfigMap"]["data"]["kernstatd.yaml"]
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        skip("needs root and setpriv to run it like a container (its text was checked)")
    require_namespaces()
    # Not below /tmp: the host's directories are mounted into it.
    with tempfile.TemporaryDirectory(prefix="kernstat-pod-", dir="/var/tmp") as directory:
        run_like_a_container(pod, container, config, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
