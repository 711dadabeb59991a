"""The frame of every result: machine, versions, command, date, settings, and what was measured."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import shlex
import subprocess
import sys
import tempfile
import time

RESULTS = pathlib.Path(__file__).parent / "results"

# What a processor needs for fast arithmetic on few bits; named in the results if it is there.
NOTABLE_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def write(path, settings, results):
    """Writes a result as JSON, beside its place, and renames it.

    Args:
        path: where, with the suffix `.json`.
        settings: a dict of what was asked for.
        results: a dict of what was measured, raw numbers included.
    """
    content = {
        "command": command(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "settings": settings,
        "results": results,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".partial.{path.name}")
    beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    os.replace(beside, path)


def command():
    """The command line, as one types it in the repository's folder.

    Of a path from the root it has the name alone: where that is says nothing to others.
    """
    arguments = [pathlib.Path(one).name if os.path.isabs(one) else one for one in sys.argv[1:]]
    return shlex.join(["python", f"benchmarks/{pathlib.Path(sys.argv[0]).name}", *arguments])


def machine():
    """The processor, how many of its cores this process may use, and the memory (Linux)."""
    processor = _fields("/proc/cpuinfo")
    memory = _fields("/proc/meminfo").get("MemTotal", "0 kB")
    flags = processor.get("flags", "").split()
    return {
        "processor": processor.get("model name", platform.processor()),
        "processor_family": processor.get("cpu family"),
        "processor_model": processor.get("model"),
        "processor_flags": [flag for flag in NOTABLE_FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory.split()[0]) / 2**20, 1),
        "system": platform.platform(),
    }


def versions():
    """The versions of Python and of the packages that do the work."""
    import kgan  # Here, so that the tables can be made without TensorFlow.

    packages = ("tensorflow", "keras", "numpy")
    found = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version(), **found, "kgan": kgan.__version__}


def kgan(*arguments):
    """Runs the `kgan` command in a process of its own; ends this one if that fails.

    Returns:
        The most memory that it held, in MiB, looked at ten times a second (Linux).
    """
    program = "import kgan_command; kgan_command.main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        peak = 0
        while process.poll() is None:
            held = _fields(f"/proc/{process.pid}/status").get("VmHWM", "0 kB")
            peak = max(peak, int(held.split()[0]))
            time.sleep(0.1)
        output.seek(0)
        if process.returncode:
            sys.exit(f"{output.read()}\n{shlex.join(command)} failed.")
    return peak / 1024


def resident_memory():
    """How much memory this process holds now, in MiB (Linux)."""
    return int(_fields("/proc/self/status")["VmRSS"].split()[0]) / 1024


def _fields(path):
    """The `name: value` lines of a file below /proc; of a repeated name the first."""
    fields = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields
