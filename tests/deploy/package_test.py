#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=deploy timeout=900
"""The Debian package: lintian finds no error; it installs, upgrades, removes and purges cleanly in a bare Debian 12;
what the administrator changed survives an upgrade; the steps of the Dockerfile work there. Prints the sizes."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import skip

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
CONFIG = "etc/kernstat/kernstatd.yaml"


def run(*command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                          check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def build_directory():
    """The release build if there is one: its sizes are those that count."""
    release = SOURCE / "build/release"
    return release if (release / "kernstatd").exists() else pathlib.Path(os.environ["KERNSTAT_BUILD"])


def make(directory, build, *settings):
    run("cpack", "-B", directory, *settings, cwd=build)
    return max(pathlib.Path(directory).glob("kernstat_*.deb"), key=os.path.getmtime)


def check_lintian(package):
    found = run("lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", package)
    print("lintian:", found.strip() or "nothing")
    contact = run("dpkg-deb", "-f", package, "Maintainer").strip()
    assert re.fullmatch(r".+ <\S+@\S+>", contact), contact
    print("maintainer:", contact)


def mirror():
    """Where this host gets Debian 12 from, by its own configuration."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(CREATED_BY)"], text=True,
                            stdout=subprocess.PIPE, check=False).stdout
    found = re.search(r"^(\S+) bookworm Packages", listed, re.M)
    return found and found.group(1)


class Chroot:
    def __init__(self, directory):
        self.root = pathlib.Path(directory)

    def run(self, *command):
        return run("chroot", self.root, *command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                                                       "DEBIAN_FRONTEND": "noninteractive"})

    def install(self, package):
        shutil.copy(package, self.root / "tmp" / package.name)
        self.run("apt-get", "-q", "install", "-y", "--no-install-recommends", "--allow-downgrades",
                 "-o", "Dpkg::Options::=--force-confold", f"/tmp/{package.name}")

    def files(self):
        """Everything below the places a package may touch, except package caches and logs."""
        places = ("etc", "usr", "lib", "var/lib/systemd", "run")
        return {str(path.relative_to(self.root)) for place in places for path in (self.root / place).rglob("*")}


def check_image(chroot, package):
    """What the Dockerfile does to a bare Debian 12: each RUN in the chroot after its COPY, then the entry point."""
    text = re.sub(r"^#.*\n", "", (SOURCE / "deploy/kubernetes/Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    steps = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    assert steps[0] == ["FROM", "debian:bookworm-slim"], steps[0]
    known = {"FROM", "COPY", "RUN", "EXPOSE", "ENTRYPOINT"}
    assert {word for word, _ in steps} == known, {word for word, _ in steps} ^ known
    for word, rest in steps:
        if word == "COPY":
            assert rest == "--from=package kernstat_*.deb /tmp/", rest
            shutil.copy(package, chroot.root / "tmp" / package.name)
        elif word == "RUN":
            chroot.run("sh", "-c", rest)
        elif word == "ENTRYPOINT":
            assert "kernstatd" in chroot.run(*json.loads(rest), "--version")
            chroot.run(*json.loads(rest), "--check-config")
    left = [path.name for path in (chroot.root / "tmp").iterdir()] + list((chroot.root / "var/lib/apt/lists").glob("*Packages*"))
    assert not left, f"in the image for nothing: {left}"
    print("image: the steps of the Dockerfile were run in the chroot, all of it",
          run("du", "-sm", "--exclude=var/cache/apt", chroot.root).split()[0], "MiB")


def check_life(chroot, old, new):
    chroot.run("apt-get", "-q", "update")
    # What the package depends on is there before and after.
    depends = run("dpkg-deb", "-f", old, "Depends")
    names = [re.split(r"[ (]", one.strip())[0] for one in depends.split(",")]
    chroot.run("apt-get", "-q", "install", "-y", "--no-install-recommends", *names)
    before = chroot.files()
    chroot.install(old)
    root = chroot.root
    enabled = root / "etc/systemd/system/multi-user.target.wants/kernstat.service"
    assert enabled.is_symlink(), "the unit is not enabled"
    assert "kernstatd" in chroot.run("/usr/bin/kernstatd", "--version")
    chroot.run("/usr/bin/kernstatd", "--check-config", "--config.file", "/" + CONFIG)
    assert "\n  biolatency " in chroot.run("/usr/bin/kernstatd", "--list"), "it does not find its tools"
    for path in ("usr/lib/kernstat/bpf/biolatency.bpf.o", "usr/share/man/man8/kernstatd.8.gz",
                 "lib/systemd/system/kernstat.service", "etc/default/kernstat"):
        assert (root / path).exists(), path
    # An upgrade keeps what was changed and what was disabled.
    text = (root / CONFIG).read_text() + "# the administrator was here\n"
    (root / CONFIG).write_text(text)
    chroot.run("systemctl", "disable", "kernstat.service")
    chroot.install(new)
    assert (root / CONFIG).read_text() == text, "the configuration was overwritten"
    assert not enabled.is_symlink(), "an upgrade enabled a disabled unit"
    chroot.run("apt-get", "-q", "remove", "-y", "kernstat")
    assert (root / CONFIG).exists() and not (root / "usr/bin/kernstatd").exists()
    (root / "etc/kernstat/bpf.disable").touch()
    chroot.run("apt-get", "-q", "purge", "-y", "kernstat")
    left = {path for path in chroot.files() - before if "ld.so.cache" not in path}
    assert not left, f"left behind: {sorted(left)}"


def main():
    if not os.environ.get("KERNSTAT_FULL"):
        skip("takes some minutes; KERNSTAT_FULL=1 runs it")
    for program in ("cpack", "lintian", "debootstrap"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    build = build_directory()
    with tempfile.TemporaryDirectory(prefix="kernstat-package-", dir="/var/tmp") as directory:
        package = make(directory, build)
        newer = make(directory, build, "-D", "CPACK_DEBIAN_PACKAGE_RELEASE=2")
        assert package != newer
        binary = build / "kernstatd"
        print(f"{package.name}: {package.stat().st_size} bytes; installed",
              run("dpkg-deb", "-f", package, "Installed-Size").strip(), "KiB")
        stripped = pathlib.Path(directory) / "kernstatd"
        run("strip", "-o", stripped, binary)
        print(f"kernstatd of {build.name}: {stripped.stat().st_size} bytes stripped")
        check_lintian(package)
        if os.geteuid() != 0:
            skip("the rest needs root for a chroot (lintian passed)")
        site = mirror()
        if not site:
            skip("no source of Debian 12 is configured here (lintian passed)")
        root = pathlib.Path(directory) / "root"
        made = subprocess.run(["debootstrap", "--variant=minbase", "--include=init-system-helpers,systemd",
                               "bookworm", root, site], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600, check=False)
        if made.returncode != 0:
            skip(f"debootstrap did not get Debian 12 (lintian passed): {made.stdout[-300:]}")
        check_life(Chroot(root), package, newer)
        for one in (root / "tmp").iterdir():
            one.unlink()
        check_image(Chroot(root), package)
    return 0


if __name__ == "__main__":
    sys.exit(main())
