"""Reads the sample records that `cargo test --test records` wrote, with fastavro, and compares each with what it must say.

    pip install fastavro
    python3 tests/python/fastavro_check.py target/tmp/comity-samples.jsonl

Ends with 0 where every sample reads as it must, with 1 at the first that does not.
"""

import io
import json
import pathlib
import sys

import fastavro

# Instants and dates at the ends of their types are beyond what Python's datetime holds; they are read as the numbers
# that they are.
fastavro.read.LOGICAL_READERS.clear()

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "canonical"


def schemas():
    """Every canonical schema by the name of its file."""
    return {path.name: fastavro.parse_schema(json.loads(path.read_text()), {}) for path in SCHEMAS.glob("*.avsc")}


def plain(value):
    """The value as JSON has it: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    assert value is None or isinstance(value, (bool, int, str)), type(value)
    return value


def difference(read, expected, path=""):
    """Where two values differ, or None. `True == 1` in Python, so types are compared too."""
    if type(read) is not type(expected):
        return f"{path}: {read!r} instead of {expected!r}"
    if isinstance(read, dict):
        if read.keys() != expected.keys():
            return f"{path}: fields {sorted(read)} instead of {sorted(expected)}"
        return next((found for name in read if (found := difference(read[name], expected[name], f"{path}.{name}"))), None)
    if isinstance(read, list):
        if len(read) != len(expected):
            return f"{path}: {len(read)} items instead of {len(expected)}"
        pairs = enumerate(zip(read, expected))
        return next((found for at, pair in pairs if (found := difference(*pair, f"{path}[{at}]"))), None)
    return None if read == expected else f"{path}: {read!r} instead of {expected!r}"


def main(file):
    known = schemas()
    counts = {}
    with open(file, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            sample = json.loads(line)
            framed = bytes.fromhex(sample["framed"])
            assert framed[0] == 0, "every record is framed"
            datum = io.BytesIO(framed[5:])
            read = fastavro.schemaless_reader(datum, known[sample["schema"]], None)
            rest = datum.read()
            found = f"{len(rest)} bytes left" if rest else difference(plain(read), sample["expected"])
            if found:
                print(f"{file}:{number}: {sample['schema']}{found}", file=sys.stderr)
                return 1
            counts[sample["schema"]] = counts.get(sample["schema"], 0) + 1
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return 0 if counts else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
