"""Nothing that is tracked binds a clone to a registry or to a machine."""

import re

from tracked import ROOT, tracked_files

# Put together from pieces, so that this file does not contain what it looks for.
HOSTS = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("python" + "hosted", "org"),
        ("npm" + "js", "org"),
        ("npm" + "js", "com"),
        ("yarn" + "pkg", "com"),
        ("crates", "io"),
        ("ruby" + "gems", "org"),
        ("proxy", "golang", "org"),
        ("conda", "ana" + "conda", "org"),
        ("repo", "ana" + "conda", "com"),
        ("down" + "load", "pytorch", "org"),
        ("pkgs", "dev", "azure", "com"),
    )
]
REGISTRY = re.compile("|".join(re.escape(host) for host in HOSTS).encode(), re.IGNORECASE)


def machine_paths() -> re.Pattern[bytes]:
    outside = "../" + "shared"
    parts = [re.escape(outside), re.escape(f"{ROOT.parent}/" + "shared")]
    if len(ROOT.parts) > 2:
        parts.append(re.escape(str(ROOT)) + r"(?![\w-])")
    return re.compile(("(?<![\\w.-])(?:" + "|".join(parts) + ")").encode())


def places(pattern: re.Pattern[bytes]) -> list[str]:
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        for hit in pattern.finditer(content):
            line = content.count(b"\n", 0, hit.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {hit.group().decode()}")
    return found


def test_no_tracked_file_names_a_package_registry():
    assert places(REGISTRY) == []


def test_no_tracked_file_names_a_path_of_this_machine():
    assert places(machine_paths()) == []


def test_no_lock_file_is_tracked():
    locks = [path.name for path in tracked_files() if re.fullmatch(r"uv\.lock|pylock.*\.toml", path.name)]
    assert [name for name in locks if "corpus" not in name] == []
