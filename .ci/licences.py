#!/usr/bin/env python3
"""Holds the licences and the sources of all dependencies against deny.toml.

Reads `cargo metadata --format-version 1` on standard input. Knows SPDX expressions with AND, OR,
WITH, brackets, and the slash that older manifests write for OR.
"""

import json
import re
import sys
import tomllib
from pathlib import Path


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """Whether the licence expression can be met with allowed licences alone."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    at = 0

    def peek() -> str:
        return words[at] if at < len(words) else ""

    def take() -> str:
        nonlocal at
        at += 1
        return words[at - 1]

    def any_of() -> bool:
        met = all_of()
        while peek() == "OR":
            take()
            met = all_of() or met
        return met

    def all_of() -> bool:
        met = one()
        while peek() == "AND":
            take()
            met = one() and met
        return met

    def one() -> bool:
        word = take()
        if word == "(":
            met = any_of()
            take()
            return met
        if peek() == "WITH":
            take()
            word = f"{word} WITH {take()}"
        return word in allowed

    return any_of() and at == len(words)


def prove_the_judge(allowed: set[str]) -> None:
    for expression, right in [
        ("MIT", True),
        ("GPL-3.0", False),
        ("GPL-3.0 OR MIT", True),
        ("MIT AND GPL-3.0", False),
        ("(MIT OR GPL-2.0) AND Unicode-3.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0/MIT", True),
    ]:
        assert is_allowed(expression, allowed) == right, expression


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    rules = tomllib.loads((root / "deny.toml").read_text())
    allowed = set(rules["licenses"]["allow"])
    sources = {f"registry+{url}" for url in rules["sources"]["allow-registry"]}
    prove_the_judge(allowed)

    packages = [package for package in json.load(sys.stdin)["packages"] if package["source"] is not None]
    complaints = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licence = package["license"] or ""
        if not licence or not is_allowed(licence, allowed):
            complaints.append(f"{name}: licence `{licence}` is not in deny.toml")
        if package["source"] not in sources:
            complaints.append(f"{name}: source {package['source']} is not in deny.toml")
    if not packages:
        complaints.append("no dependency was found: is this the output of cargo metadata?")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(packages)} dependencies, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
