"""What a certificate claims, and whether it holds: FORMAT.md §9."""

from math import inf

from instances import Instance, digest
from tests.milp.stranger.bound import _gone, _least
from tests.milp.stranger.checks import _bound, _index, _must, _whole
from tests.milp.stranger.model import _model, _ticks
from tests.milp.stranger.question import _asked, _worth
from tests.milp.stranger.tree import _leaves, _prices

SCALES, BOUNDS = ("cost_scale", "time_scale"), ("lower_bound", "upper_bound")
KEYS = {"format", "instance", *SCALES, *BOUNDS, "plan", "nodes", "prices"}


def accepts(instance: Instance, certificate_json: dict) -> bool:
    """Return whether all holds that a certificate claims of the instance which asks its question."""
    try:
        return _holds(_asked(instance, certificate_json.get("question")), certificate_json)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False


def _holds(instance, table) -> bool:  # §9
    _must(
        KEYS <= set(table) <= KEYS | {"reduction", "question"}
        and table["format"] == "batchproof-certificate/2"
    )
    m, lower, upper = _model(instance), _bound(table["lower_bound"]), _bound(table["upper_bound"])
    _must(
        [table["instance"], *_whole(table["cost_scale"], table["time_scale"])]
        == [digest(instance), *m.scales]
    )
    _must((table["plan"] is None) == (upper is None))
    _must(upper is None or (lower is not None and lower <= upper == _worth(instance, table["plan"])))
    prices, target, gone = _prices(m, table["prices"]), _ticks(m, lower), set()
    if table.get("reduction") is not None:
        gone = _gone(m, prices[_index(table["reduction"], prices)], target)
    for index, box in _leaves(m, table["nodes"]):
        own = prices[_index(index, prices)]
        least = _least(m, own, box, gone)[0]
        enough = target is not None and least != inf and -(-least // own.d) >= target
        _must(least == inf or (enough if own.objective else least > 0))
    return True
