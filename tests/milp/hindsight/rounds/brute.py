"""The least total latency by trying all starts: from the definition, sharing no code with what it tests."""

from __future__ import annotations

from hypothesis import strategies as st

from milp.hindsight.rounds import RoundProblem


def least_latency(problem: RoundProblem) -> int:
    """Return the least total latency of a tiny problem.

    No start needs to be later than the last arrival plus all gens: an idle round after the last arrival can
    be cut out.
    """
    rows = list(zip(problem.arrival.tolist(), problem.prompt.tolist(), problem.gen.tolist(), strict=True))
    horizon = max(arrival for arrival, _, _ in rows) + sum(gen for _, _, gen in rows)
    held = [0] * (horizon + 1)
    best = horizon * len(rows) + 1

    def place(row: int, latency: int) -> None:
        nonlocal best
        if latency + sum(gen for _, _, gen in rows[row:]) >= best:
            return
        if row == len(rows):
            best = latency
            return
        arrival, prompt, gen = rows[row]
        for start in range(arrival, horizon - gen + 1):
            amounts = [(start + age, prompt + age) for age in range(1, gen + 1)]
            if all(held[round_] + tokens <= problem.memory for round_, tokens in amounts):
                for round_, tokens in amounts:
                    held[round_] += tokens
                place(row + 1, latency + start + gen - arrival)
                for round_, tokens in amounts:
                    held[round_] -= tokens

    place(0, 0)
    return best


@st.composite
def tiny_problems(draw: st.DrawFn, equal_prompts: bool | None = None) -> RoundProblem:
    """Problems of up to four requests: there at once or not, prompts equal or not, gens often equal."""
    memory = draw(st.integers(4, 11))
    number = draw(st.integers(1, 4))
    equal = draw(st.booleans()) if equal_prompts is None else equal_prompts
    prompts = st.integers(1, min(3, memory - 1))
    prompt = [draw(prompts)] * number if equal else [draw(prompts) for _ in range(number)]
    gen = [draw(st.integers(1, min(5, memory - p))) for p in prompt]
    latest = draw(st.sampled_from([0, 0, 4]))
    arrival = [draw(st.integers(0, latest)) for _ in range(number)]
    return RoundProblem(memory, arrival, prompt, gen)  # type: ignore[arg-type]
