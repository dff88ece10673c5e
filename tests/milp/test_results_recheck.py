"""`recheck` finds whatever was changed in a store, by itself or together with the record."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milp.results import Record, Store, recheck
from milp.results.record import encode_record
from tests.milp.runs import OPTIONS, ROOT, fill


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of which everything holds."""
    from milp.cli.main import main

    place = tmp_path_factory.mktemp("recheck")
    folder = fill(place / "folder", slow=False)
    assert main(["batch", str(folder), "--out", str(place / "store"), *OPTIONS]) == 1
    return place / "store"


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Store:
    """Return a copy to break."""
    shutil.copytree(sound, tmp_path / "store")
    return Store(tmp_path / "store")


def failures(store: Store) -> dict[str, str]:
    """Return what does not hold, by instance."""
    return {one.instance: one.reason for one in recheck(store.folder) if one.reason is not None}


def record_of(store: Store, label: str) -> Record:
    """Return the record of an instance."""
    return next(r for r in store.records() if r.label == label)


def certificate_of(store: Store, label: str) -> Path:
    """Return the certificate of an instance."""
    file = record_of(store, label).certificate
    assert file is not None
    return store.folder / file.path


def test_a_sound_store_holds(store: Store) -> None:
    """Nothing is reported of what is as it was; failures have nothing to prove."""
    assert failures(store) == {}


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_digit_is_found(seed: int, store: Store) -> None:
    """Any digit of any certificate, changed into another, is reported, and nothing else is."""
    rng = random.Random(seed)
    label = rng.choice(["decimals", "max-shapes", "prompt-list", "prompt-not-covered"])
    path = certificate_of(store, label)
    text = gzip.decompress(path.read_bytes())
    place = rng.choice([index for index, char in enumerate(text) if chr(char).isdigit()])
    other = rng.choice([digit for digit in b"0123456789" if digit != text[place]])
    path.write_bytes(gzip.compress(text[:place] + bytes([other]) + text[place + 1 :], mtime=0))
    found = failures(store)
    assert list(found) == [record_of(store, label).instance]


def test_a_forged_bound_is_found_even_with_a_fitting_record(store: Store) -> None:
    """A certificate that claims more, and a record that says so too, do not stand up to the verifier."""
    path = certificate_of(store, "decimals")
    content = json.loads(gzip.decompress(path.read_bytes()))
    content["upper_bound"] = content["lower_bound"] = "1/7"
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
    record = record_of(store, "decimals")
    record.value = record.lower_bound = "1/7"
    record.certificate = store.stored(path)
    store.add(record)
    assert failures(store)["decimals"].startswith("the certificate is rejected: the plan")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: setattr(r, "lower_bound", 1), "proves a lower bound of"),
        (lambda r: setattr(r, "value", "3/2"), "proves a value of"),
        (lambda r: setattr(r, "gap", 1), "proves a gap of 0, not 1"),
        (lambda r: setattr(r, "status", "certified gap"), "not certified gap"),
        (lambda r: setattr(r, "digest", "0" * 64), "does not fit"),
        (lambda r: r.settings.update(seed=9), "does not fit"),
        (lambda r: setattr(r, "certificate", None), "it names no certificate"),
    ],
)
def test_a_changed_record_is_found(change: Callable[[Record], None], reason: str, store: Store) -> None:
    """What a record says has to be what its certificate proves."""
    record = record_of(store, "decimals")
    path = store.record_file(record.id)
    change(record)
    path.write_bytes(encode_record(record))
    assert reason in failures(store)["decimals"]


def test_a_changed_instance_is_found(store: Store) -> None:
    """An instance that is not the one of its digest proves nothing."""
    one, other = (record_of(store, label).digest for label in ("decimals", "prompt-list"))
    assert one is not None
    assert other is not None
    shutil.copy(store.instance_file(other), store.instance_file(one))
    assert failures(store) == {"decimals": "the instance was changed after it was recorded"}


def test_the_command_reports_in_its_exit_code(store: Store, batchproof: Any) -> None:
    """0 if everything holds, 1 with the record and the reason if anything does not."""
    good = batchproof("recheck", store.folder, "--json")
    assert good.code == 0
    assert (good.json["status"], good.json["records"], good.json["certificates"]) == ("holds", 6, 5)
    certificate_of(store, "decimals").unlink()
    bad = batchproof("recheck", store.folder, "--jobs", 1)
    assert bad.code == 1
    assert bad.err.splitlines() == ["decimals: the certificate is missing"]


def test_no_solver_is_loaded(store: Store) -> None:
    """Checking a store again needs the problem's definition and the verifier, and no solver."""
    script = (
        "import sys; from milp.results import recheck;"
        "held = all(one.reason is None for one in recheck(sys.argv[1]));"
        "banned = {'ortools', 'highspy', 'pulp', 'scipy', 'networkx', 'milp.formulation', 'milp.engines'};"
        "sys.exit(str(banned & set(sys.modules)) if banned & set(sys.modules) else not held)"
    )
    command = [sys.executable, "-c", script, str(store.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
