"""Generated demand is the same on every machine and looks like its family."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import instances.generate as generate_package
from instances.demand import Demand
from instances.errors import InputError
from instances.generate import FAMILIES, generate, generate_instance
from instances.generate.lengths import Lengths, pareto, triangular, uniform, zipf
from instances.presets import PRESETS

PINNED = {
    ("lognormal", 0): (
        "e07deb209bea92f86294125213c073db3bda9d3e81aa365f95d40e26b7697361",
        "e8ff0281839190e635553a28fc80d16d82ff4d1483676fd87badda89ff976a67",
    ),
    ("lognormal", 1): (
        "b721a1b01d25e3923fdac902183d2d9bf8284ebf22020ad84794ef4f88dbd353",
        "0998f1a15f187897675d1bc0e0aed4bb17c95fe114aafdffcba6077d5ca6fa05",
    ),
    ("lognormal", 2**64 + 1): (
        "2f7ae22b4bee6829730809dd52e2045811b8e373c7de6bc8ec1a99de1b9e76c6",
        "4044646e4ac2ac04cec32c47bf37ba68ad623974eb619af2af1b10cfa4822d61",
    ),
    ("zipf", 0): (
        "d197808c30deb02ad02c37ef70f8a8b59f2005b47cd9a1f0f9869637333774e1",
        "fa3f9e2232732de0ad8e375ae21eaeb01f44dd4824f91135908d607dc058144b",
    ),
    ("zipf", 1): (
        "9d2f2e621e534e9ed35d086a5e84c5d1fc62b52ce76054f8e28225508d8c0183",
        "162dbc964dccb5e6681349ebc048dfe486fed060b221d585b9ca76466428c95b",
    ),
    ("zipf", 2**64 + 1): (
        "48f8bf8b13fc89a3fe833c635140da9170ddccb7ee1e6e1538a554d79099052a",
        "bbdd431018ada4afa6e46db19d9e282636d20f01d73b52c5114b4aa1b859daba",
    ),
    ("uniform", 0): (
        "499107b4353da8bb0c8d42e555398f40ff18f21dd893982590dec739491ea959",
        "596193c5ec6c12daf1b530e333519250735b765a063f7b1b940b01ed7c8e9039",
    ),
    ("uniform", 1): (
        "447e483469d261bb9ec23b35eafba8e3a57a724b02a83d731d88f6ee83453bf4",
        "fe58c01b82e9e23e2182ac5f37cc18327fd45f5006a3f2a397ff367907e773c3",
    ),
    ("uniform", 2**64 + 1): (
        "063ffd37e61e06b1795585661010740cb08c381d6d353a156dfba23b467d903c",
        "833984b3372c8d08d368fd5d30d44e698313081df90fba30a61c72f680231993",
    ),
    ("bimodal", 0): (
        "d67c6355df11e9cd96a14fc0af92484831cf85c044cc7e2ce128227f2634c188",
        "150f2f795b076a5351ccd93d54c95efb119d8ac613f62927a796de19ec196c99",
    ),
    ("bimodal", 1): (
        "c4539e93a72daa685ab6957beee53942aa296e864b5fce6d7f1c3d6596a91f93",
        "850d4c6ce691ee2b9e83c099d4ee9bce87fad7503eeed20d55516a628b609045",
    ),
    ("bimodal", 2**64 + 1): (
        "c2732394a7bf26b719823517718f215fdf4e315692c59910107317af5ef1daca",
        "4c8a6c655fb79f95868d4efc9a63f1a97412cc7ed4805b2d6b0079331b220a9f",
    ),
    ("heavy-tail", 0): (
        "bc514489f06cc28ea42b0ccaa4b251f9ac89f5d955cc97737bae301c5e215bfd",
        "845433f1272d631186d50946904022ffdfa36fa8423e58a5807dc55642b7e494",
    ),
    ("heavy-tail", 1): (
        "9ade779c0cec4988ec3bc3792e4c64fa5092c9438b516ab8ad883f934489994d",
        "7939f810a3177344f44eb6fa477fdbb23802f268c7180864c2e5669d1d6a7d73",
    ),
    ("heavy-tail", 2**64 + 1): (
        "3c67920d0d1b6af7cef815ee889393fe0c2c7eb679de6d5ac8a65bb19ed5d2af",
        "7a1f8e76495e12df8e9d6d45fa0ec32aa909607889e38c96e13f5c1f84674792",
    ),
}
"""Digests of the columns of two streams of 2,500 requests, by family and seed."""


def column_digest(demand: Demand) -> str:
    """Return the SHA-256 of the demand's columns as little-endian 64-bit integers."""
    digest = hashlib.sha256()
    for column in (demand.prompt, demand.gen, demand.count):
        digest.update(column.astype("<i8").tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", [0, 1, 2**64 + 1])
def test_columns_are_pinned(family: str, seed: int) -> None:
    """The columns never change: certificates and results name instances by their content."""
    first, second = generate(family, 5000, seed, streams=2)
    assert (column_digest(first.demand), column_digest(second.demand)) == PINNED[family, seed]


@pytest.mark.parametrize("family", FAMILIES)
def test_number_of_requests(family: str) -> None:
    """The requests are dealt out over the streams, none lost."""
    streams = generate(family, 1001, 7, streams=3)
    assert [stream.demand.requests for stream in streams] == [334, 334, 333]
    assert [stream.name for stream in streams] == ["stream 1", "stream 2", "stream 3"]
    assert all(stream.demand.ids is None for stream in streams)


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_and_streams_differ(family: str) -> None:
    """Another seed, or another stream, gives other requests."""
    drawn = [s.demand for seed in (1, 2) for s in generate(family, 4000, seed, streams=4)]
    assert len({column_digest(demand) for demand in drawn}) == 8


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks_do_not_show(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing block by block gives what drawing at once gives."""
    (whole,) = generate(family, 1000, 3)
    monkeypatch.setattr(generate_package, "_BLOCK", 64)
    (cut,) = generate(family, 1000, 3)
    assert column_digest(whole.demand) == column_digest(cut.demand)


@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_requests_are_a_prefix(family: str) -> None:
    """The requests of a smaller instance are among those of a larger one of the same seed."""

    def counted(requests: int) -> dict[tuple[int, int], int]:
        demand = generate(family, requests, 5)[0].demand
        pairs = zip(demand.prompt.tolist(), demand.gen.tolist(), strict=True)
        return dict(zip(pairs, demand.count.tolist(), strict=True))

    small, large = counted(300), counted(900)
    assert all(large.get(pair, 0) >= count for pair, count in small.items())


def test_lognormal_looks_like_the_benchmark() -> None:
    """Means lie near those of the two public streams: 432 and 153 tokens, 176 and 58 tokens."""
    streams = generate("lognormal", 40_000, 11, streams=2)
    for stream, prompt, gen in zip(streams, (432, 176), (153, 58), strict=True):
        demand = stream.demand
        assert float(demand.prompt @ demand.count) / demand.requests == pytest.approx(prompt, rel=0.1)
        assert float(demand.gen @ demand.count) / demand.requests == pytest.approx(gen, rel=0.15)


def test_bimodal_lengths_oppose() -> None:
    """Short prompts have long answers and long prompts short ones."""
    demand = generate("bimodal", 10_000, 1)[0].demand
    short = demand.prompt < 1000
    assert demand.gen[short].min() >= 64
    assert demand.gen[~short].max() <= 256
    assert int(demand.count[short].sum()) == pytest.approx(7000, abs=300)


def test_pick_splits_the_words_in_proportion() -> None:
    """A length of weight w of W takes just the 64-bit words from one end to the next."""
    lengths = Lengths(10, (1, 2, 0, 1))
    words = np.asarray([0, 2**62 - 1, 2**62, 3 * 2**62 - 1, 3 * 2**62, 2**64 - 1], dtype=np.uint64)
    assert lengths.pick(words).tolist() == [10, 10, 11, 11, 13, 13]


def test_weights() -> None:
    """The tables hold the weights that they are named for."""
    assert uniform(3, 5) == Lengths(3, (1, 1, 1))
    assert triangular(1, 2, 4) == Lengths(1, (3, 6, 4, 2))
    assert zipf(5, 8, Decimal(1)).weights == (2**60, 2**59, 2**60 // 3, 2**58)
    tail = pareto(4, 16)
    # P(length ≥ 16) is (4/16)^(3/2) = 1/8, less what is cut off above 16.
    assert sum(tail.weights[:12]) * 8 == 7 * 2**60


@pytest.mark.parametrize("low", [1, 64])
def test_weights_fall_along_a_tail(low: int) -> None:
    """Pareto weights are positive and fall."""
    weights = pareto(low, 2000).weights
    assert weights[-1] > 0
    assert all(a >= b for a, b in pairwise(weights))


@pytest.mark.parametrize("preset", PRESETS)
def test_instance(preset: str) -> None:
    """An instance of any machine takes its options."""
    instance = generate_instance(
        "zipf", 500, 1, preset, streams=2, granularity=(128, None), count_cost=Fraction(3), max_shapes=5
    )
    assert (instance.requests, instance.max_shapes) == (500, 5)
    assert instance.name == "zipf-500x2-seed-1"
    assert instance.cost.count.quadratic == 3
    assert instance.shapes.prompt.granularity == 128


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"family": "normal"}, "family"),
        ({"requests": 0}, "requests"),
        ({"requests": 1, "streams": 2}, "requests"),
        ({"requests": 10**400}, "requests"),
        ({"streams": 0}, "streams"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**128}, "seed"),
        ({"preset": "gpu"}, "preset"),
        ({"max_shapes": 0}, "max_shapes"),
    ],
)
def test_bad_options(options: dict[str, object], field: str) -> None:
    """An option that cannot be used is an InputError that names it."""
    with pytest.raises(InputError) as caught:
        generate_instance(**{"family": "zipf", "requests": 10, "seed": 1, **options})  # type: ignore[arg-type]
    assert caught.value.field == field
