#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=120
"""Every tool compiles for arm64 too, and its object fits its YAML there."""
import filecmp
import glob
import os
import shutil
import subprocess
import tempfile

BUILD = os.environ["KERNSTAT_BUILD"]


def main():
    built = subprocess.run(["cmake", "--build", BUILD, "--target", "bpf-arm64"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr
    tools = [os.path.basename(path).removesuffix(".yaml") for path in glob.glob(BUILD + "/bpf/*.yaml")]
    assert tools, "no tools"
    with tempfile.TemporaryDirectory() as directory, tempfile.NamedTemporaryFile() as config:
        other = []
        for tool in tools:
            shutil.copy(f"{BUILD}/bpf/{tool}.yaml", directory)
            shutil.copy(f"{BUILD}/bpf/arm64/{tool}.bpf.o", directory)
            if not filecmp.cmp(f"{BUILD}/bpf/{tool}.bpf.o", f"{BUILD}/bpf/arm64/{tool}.bpf.o", shallow=False):
                other.append(tool)
        # What reads registers is another program there.
        assert "gethostlatency" in other or os.uname().machine == "aarch64", f"only these differ: {other}"
        checked = subprocess.run([f"{BUILD}/kernstatd", f"--config.file={config.name}", f"--bpf.dir={directory}",
                                  "--check-config"], capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stderr
    print(f"ok: {len(tools)} tools, {len(other)} with another object")


main()
