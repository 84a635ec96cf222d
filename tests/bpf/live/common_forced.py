# SPDX-License-Identifier: Apache-2.0
"""Tools made to use another alternative of a hook than the first that this kernel has."""
import os
import tempfile

from harness import Tool, build_dir


def forced(name, hook, *programs, **parameters):
    """The tool `name`, in the test driver, with these programs as the one alternative of its hook, whatever that
    requires. Use with `with`."""
    import yaml

    source = os.path.join(build_dir(), "bpf", name)
    with open(source + ".yaml", encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    chosen = next(each for each in spec["hooks"] if each["name"] == hook)
    chosen["alternatives"] = [list(programs)]
    directory = tempfile.mkdtemp(prefix="kernstat-forced-")
    try:
        with open(f"{directory}/{name}.yaml", "w", encoding="utf-8") as file:
            yaml.safe_dump(spec, file, sort_keys=False)
        os.symlink(os.path.abspath(source) + ".bpf.o", f"{directory}/{name}.bpf.o")
        # The driver has read both when it is ready.
        return Tool(name, directory=directory, **parameters)
    finally:
        for suffix in (".yaml", ".bpf.o"):
            if os.path.lexists(f"{directory}/{name}{suffix}"):
                os.unlink(f"{directory}/{name}{suffix}")
        os.rmdir(directory)
