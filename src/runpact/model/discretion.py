"""What may be recorded of a machine, its files and its owner.

Knows: the environment variables worth recording, names that secrets have, how an address, a command and
    a value are written without what they need not tell.
Does not know: where the values come from; which values a person declared secret.
"""

from __future__ import annotations

import functools
import posixpath
import re

RECORDED_VARIABLES = tuple(
    name
    for line in (
        "CUDA_DEVICE_ORDER CUDA_LAUNCH_BLOCKING CUDA_VISIBLE_DEVICES CUBLAS_WORKSPACE_CONFIG",
        "NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES",
        "OMP_NUM_THREADS OMP_PLACES OMP_PROC_BIND GOMP_CPU_AFFINITY KMP_AFFINITY KMP_BLOCKTIME",
        "BLIS_NUM_THREADS MKL_CBWR MKL_NUM_THREADS NUMBA_NUM_THREADS NUMEXPR_NUM_THREADS",
        "OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS VECLIB_MAXIMUM_THREADS RAYON_NUM_THREADS JULIA_NUM_THREADS",
        "PYTHONHASHSEED PYTHONDEVMODE PYTHONMALLOC PYTHONOPTIMIZE PYTHONUTF8 PYTHONWARNINGS",
        "JAX_DEFAULT_MATMUL_PRECISION JAX_ENABLE_X64 JAX_PLATFORMS XLA_FLAGS",
        "PYTORCH_CUDA_ALLOC_CONF PYTORCH_ENABLE_MPS_FALLBACK TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
        "TF_CUDNN_DETERMINISTIC TF_DETERMINISTIC_OPS TF_ENABLE_ONEDNN_OPTS TF_FORCE_GPU_ALLOW_GROWTH",
        "HF_DATASETS_OFFLINE HF_HUB_OFFLINE TOKENIZERS_PARALLELISM TRANSFORMERS_OFFLINE",
        "LOCAL_RANK LOCAL_WORLD_SIZE NODE_RANK RANK WORLD_SIZE NCCL_ALGO NCCL_PROTO",
        "SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_CPUS_PER_TASK SLURM_GPUS_ON_NODE SLURM_JOB_ID",
        "SLURM_JOB_NUM_NODES SLURM_LOCALID SLURM_NODEID SLURM_NTASKS SLURM_PROCID SLURM_RESTART_COUNT",
        "SLURM_STEP_ID LSB_JOBID LSB_JOBINDEX PBS_ARRAY_INDEX PBS_JOBID",
        "CI GITHUB_RUN_ATTEMPT GITHUB_RUN_ID GITHUB_SHA CI_COMMIT_SHA CI_JOB_ID",
        "LANG LC_ALL LC_NUMERIC SOURCE_DATE_EPOCH TZ",
    )
    for name in line.split()
)
"""Environment variables that change what a computation gives, or name the batch it belongs to."""

MAX_VALUE = 1000
"""Longest value of a variable recorded, characters."""

_SECRET_NAMES = re.compile(
    r"\.env(\..+)?|.+\.env|\.?netrc|\.pypirc|\.npmrc|\.pgpass|\.my\.cnf|\.htpasswd|\.git-credentials|\.dockercfg"
    r"|id_(rsa|dsa|ecdsa|ed25519)(_sk)?|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|age)"
    r"|(client_)?secrets?(\..+)?|credentials?(\..+)?|service[_-]?account.*\.json|kaggle\.json|\.vault[_-]?pass.*",
    re.IGNORECASE,
)
_SAMPLES = re.compile(r".+\.(example|sample|template|dist)", re.IGNORECASE)

_SOURCES = re.compile(
    r".+\.(py|pyi|pyx|pxd|ipynb|r|jl|m|sh|bash|c|h|cc|cpp|cxx|hpp|cu|cuh|f|f90|rs|go|java|scala|js|ts|sql|nf|smk"
    r"|yaml|yml|toml|json|cfg|ini|conf|lock|md|rst|tex)|makefile|dockerfile|snakefile|justfile|[^.]+\.txt",
    re.IGNORECASE,
)

_USERINFO = re.compile(rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?P<who>[^\s/?#\"'<>\\]*)@")
_SECRET_QUERY = re.compile(
    rb"(?P<key>[?&](?:access_token|auth|api_?key|key|password|private_token|sig|signature|token|x-amz-[a-z-]+))"
    rb"=[^\s&#\"'<>\\]+",
    re.IGNORECASE,
)
_INTERPRETER = re.compile(r"(python|pypy|graalpy)[\d.]*t?")
_SETTING = re.compile(r"-|[+~]*[A-Za-z_][\w./@-]*=/")
"""An option, or a setting as `hydra.run.dir=/tmp/x`."""
_ABSOLUTE = re.compile(r"(?<![\w.:/])/[^\s:;,\"']*")


def has_secret_name(path: str) -> bool:
    """Whether a file's name says that it holds a secret (`.env`, `id_rsa`, `credentials.json` …)."""
    name = posixpath.basename(path)
    return _SECRET_NAMES.fullmatch(name) is not None and _SAMPLES.fullmatch(name) is None


def is_source(path: str) -> bool:
    """Whether a file's name is that of a program, a configuration or a text, rather than of data."""
    return _SOURCES.fullmatch(posixpath.basename(path)) is not None


def without_credentials(data: bytes) -> bytes:
    """Return a text whose addresses carry no user, password or token.

    The bare user name of an `ssh` address stays, because that is how the address is written.
    """
    return _SECRET_QUERY.sub(rb"\g<key>=[redacted]", _USERINFO.sub(_stripped, data))


def _stripped(match: re.Match[bytes]) -> bytes:
    scheme, who = match["scheme"], match["who"]
    is_plain_user = scheme.lower() in {b"ssh", b"git+ssh"} and b":" not in who
    return match[0] if is_plain_user else scheme + b"://"


def shown_url(url: str) -> str | None:
    """Return an address as it may be recorded; None for a path of this machine."""
    if url.startswith(("/", "~", ".", "file:")) or url == "":
        return None
    return _plain(url)


@functools.lru_cache(maxsize=128)
def shown_value(value: str) -> str:
    """Return a variable's value without absolute paths and credentials, cut to a length."""
    plain = _ABSOLUTE.sub("[path]", _plain(value))
    return plain if len(plain) <= MAX_VALUE else plain[: MAX_VALUE - 1] + "…"


@functools.lru_cache(maxsize=16)
def shown_command(command: tuple[str, ...], *, cwd: str, root: str, home: str) -> tuple[str, ...]:
    """Return a command as it may be recorded: it means the same, and names no folder of a person.

    A path inside the workspace is told relative to the current directory, one below the home directory
    begins with `~/`. A Python interpreter, and any program outside the workspace, is told by its name.

    Args:
        command: Program and arguments.
        cwd: Absolute directory it runs in.
        root: Absolute folder of the workspace.
        home: Absolute home directory, or empty.
    """
    if not command:
        return ()
    program, *arguments = command
    return (
        _shown_program(program, cwd=cwd, root=root),
        *(_shown_argument(each, cwd=cwd, root=root, home=home) for each in arguments),
    )


def _shown_program(program: str, *, cwd: str, root: str) -> str:
    if not program.startswith("/"):
        return program
    name = posixpath.basename(program)
    if _INTERPRETER.fullmatch(name):
        return name
    shown = _shown_path(program, cwd=cwd, root=root, home="")
    if shown.startswith("/"):
        return name
    return shown if "/" in shown else f"./{shown}"


def _shown_argument(argument: str, *, cwd: str, root: str, home: str) -> str:
    plain = _plain(argument)
    option, equals, value = plain.partition("=") if _SETTING.match(plain) else ("", "", plain)
    return f"{option}{equals}{_shown_path(value, cwd=cwd, root=root, home=home)}"


def _plain(text: str) -> str:
    return without_credentials(text.encode("utf-8", "surrogateescape")).decode("utf-8", "backslashreplace")


def _shown_path(path: str, *, cwd: str, root: str, home: str) -> str:
    if not path.startswith("/") or "\n" in path:
        return path
    if is_inside(path, root) and is_inside(cwd, root):
        return posixpath.relpath(path, cwd)
    if home not in {"", "/"} and is_inside(path, home):
        return posixpath.join("~", posixpath.relpath(path, home)) if path != home else "~"
    return path


def is_inside(path: str, folder: str) -> bool:
    """Whether an absolute path is a folder or stands below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
