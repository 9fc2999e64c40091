"""Which CI a subject is: ordered identifier sets, and the veto of a strong identifier that disagrees.

A set of identifiers that names one CI is a match, unless an identifier at least as strong says otherwise: then the
observation is parked with a case and nothing is touched. Two CIs are never decided between, neither the first nor the
oldest. What only weak identifiers point at is a new CI and a proposal. The answer does not depend on the order of the
holders, and asking again after the subject's identifiers were written to the CI gives that CI.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.identifiers import normalise
from collector.identity_policy import KINDS, IdentifierSet, Policy, Profile, Strength
from collector.model import GONE, CaseKind, CiState, DuplicateCase, Holder, Identified, Identifier, Subject

SILENT = frozenset({CiState.UNREACHABLE, CiState.MISSING})
MAX_SHOWN = 64

Values = Mapping[str, frozenset[str]]
"""Values by kind of identifier."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside identifiers.

    `silent`: CIs that stopped answering, before their state says so. `stood_here`: CI → how it is known to have stood
    where the subject stands now (a port of a switch); such CIs are among the holders too.
    `suspects`: identifiers in quarantine. `apart`: pairs (a < b) of CIs that people said are different things.
    `answered_here`: the CI that answered at this source's address before; 0: none.
    """

    silent: frozenset[int] = frozenset()
    stood_here: Mapping[int, str] = field(default_factory=dict)
    suspects: frozenset[Identifier] = frozenset()
    apart: frozenset[tuple[int, int]] = frozenset()
    answered_here: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A holder beside the subject. `kin`: their classes can be one thing seen twice. `silent`: it does not answer."""

    holder: Holder
    profile: Profile
    held: Values
    shared: Values
    kin: bool
    silent: bool

    @property
    def gone(self) -> bool:
        return self.holder.state in GONE

    def holds(self, chosen: IdentifierSet) -> bool:
        return all(len(self.shared.get(kind, ())) >= chosen.at_least for kind in chosen.kinds)


@dataclass(frozen=True, slots=True)
class _Question:
    """A subject, its usable identifiers, and who may be it."""

    subject: Subject
    profile: Profile
    mine: Values
    candidates: tuple[_Candidate, ...]
    policy: Policy
    context: Context


def identify(subject: Subject, holders: Sequence[Holder], policy: Policy, context: Context | None = None) -> Identified:
    """Return which CI `subject` is.

    `holders`, one a CI, are those that share an identifier with it or stand in `context.stood_here`; for a profile that
    is `inside_parent`, the children of its parent's CI.
    """
    asked = _question(subject, holders, policy, context or Context())
    for strength in (Strength.STRONG, Strength.MEDIUM):
        answer = _at_strength(asked, strength)
        if answer is not None:
            return answer
    return _newcomer(asked)


def has_strong(subject: Subject, policy: Policy) -> bool:
    """Return whether the subject has a usable strong set; one without is a data-quality item of its CI."""
    mine = _by_kind(subject.identifiers, policy, frozenset())
    sets = policy.profile(subject.ci_class, subject.ci_type).sets
    return any(all(mine.get(kind) for kind in each.kinds) for each in sets if each.strength is Strength.STRONG)


def contradiction(subject: Subject, holder: Holder, policy: Policy) -> str:
    """Return what of the hardware differs between a subject and a CI that something else says it is; empty: nothing."""
    asked = _question(subject, [holder], policy, Context())
    kinds = sorted(asked.profile.veto.keys() - {"label"})  # a label is stuck on it, and may be another one tomorrow
    told = (_compared(asked, each, kind) for each in asked.candidates for kind in kinds if _differs(each, kind)
            and not _same_number(asked.mine[kind], each.held[kind]))  # fmt: skip
    return "; ".join(told)


def _same_number(mine: frozenset[str], held: frozenset[str]) -> bool:
    """Return whether serials differ by how somebody spelt their maker alone."""
    return not {each.partition("|")[2] for each in mine if "|" in each}.isdisjoint(
        each.partition("|")[2] for each in held if "|" in each
    )


# --- who may be it


def _question(subject: Subject, holders: Sequence[Holder], policy: Policy, context: Context) -> _Question:
    profile = policy.profile(subject.ci_class, subject.ci_type)
    mine = _by_kind(subject.identifiers, policy, context.suspects)
    candidates = [_candidate(each, subject, mine, policy, context) for each in holders]
    asked = _Question(subject, profile, mine, tuple(candidates), policy, context)
    return replace(asked, candidates=tuple(each for each in candidates if not _is_told_apart(asked, each)))


def _is_told_apart(asked: _Question, candidate: _Candidate) -> bool:
    """Return whether people said of this CI that it is not another candidate, and that other one fits better."""
    if not asked.context.apart or not _misfits(asked, candidate):
        return False
    mine = candidate.holder.ci_id
    return any(
        (min(mine, each.holder.ci_id), max(mine, each.holder.ci_id)) in asked.context.apart
        and not _misfits(asked, each)
        for each in asked.candidates
    )


def _misfits(asked: _Question, candidate: _Candidate) -> bool:
    """Return whether a CI can only be the subject's against what both sides say."""
    return _contradicted(asked, candidate) or not candidate.kin


def _candidate(holder: Holder, subject: Subject, mine: Values, policy: Policy, context: Context) -> _Candidate:
    held = _by_kind(holder.identifiers, policy, context.suspects)
    profile = policy.profile(holder.ci_class, holder.ci_type)
    mixed = "unknown" in (holder.ci_class, subject.ci_class)
    kin = mixed or profile is policy.profile(subject.ci_class, subject.ci_type)
    shared = {kind: held[kind] & mine[kind] for kind in held.keys() & mine.keys()}
    silent = holder.state in SILENT or holder.ci_id in context.silent
    return _Candidate(holder, profile, held, shared, kin, silent)


def _by_kind(identifiers: Iterable[Identifier], policy: Policy, quarantined: frozenset[Identifier]) -> Values:
    """Bring stored identifiers under today's policy: what it has come to refuse, or is in quarantine, is left out."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for each in identifiers:
        found = normalise(each.kind, each.value, policy) if each.kind in KINDS else None
        if found is not None and found not in quarantined and each not in quarantined:
            values[found.kind].add(found.value)
    return {kind: frozenset(each) for kind, each in values.items()}


# --- strong and medium sets


def _at_strength(asked: _Question, strength: Strength) -> Identified | None:
    """Return the answer of all sets of one strength together, None when they name nobody."""
    hits = [(each, _standing(asked, each)) for each in asked.profile.sets if each.strength is strength]
    hits = [(each, held_by) for each, held_by in hits if held_by]
    strangers = [each for each in asked.candidates if _crosses(asked, each, strength)]
    if not hits:
        return _conflict(asked, strangers, "across classes") if strangers else None
    chosen, held_by = hits[0]
    if len(held_by) == 1 and _disagreements(asked, held_by[0], chosen):
        return _conflict(asked, held_by, _label(chosen))
    # A set inside the chosen one says the same less exactly; any other may name somebody else.
    rivals = [each for other, found in hits if not set(other.kinds) < set(chosen.kinds) for each in found]
    named = {each.holder.ci_id: each for each in (*rivals, *strangers)}
    if len(named) > 1:
        return _ambiguous(asked, list(named.values()))
    return _match(asked, chosen, held_by[0])


def _standing(asked: _Question, chosen: IdentifierSet) -> list[_Candidate]:
    """Return who holds a set. A live CI goes before retired ones: retiring them was a person's answer to the doubt."""
    held_by = [each for each in asked.candidates if each.kin and each.holds(chosen)]
    return [each for each in held_by if not each.gone] or held_by


def _crosses(asked: _Question, candidate: _Candidate, strength: Strength) -> bool:
    """Return whether a live CI of another profile is hit, by a set of the subject's profile or of its own."""
    if candidate.kin or candidate.gone:
        return False
    sets = asked.profile.sets + candidate.profile.sets
    return any(each.strength is strength and candidate.holds(each) for each in sets)


def _disagreements(asked: _Question, candidate: _Candidate, chosen: IdentifierSet) -> list[str]:
    """Return the kinds both sides have, share nothing of, and that weigh no less than what speaks for the match.

    An equal strong identifier outside the set speaks for it too: a new network card alone does not part a board from
    its UUID.
    """
    veto = asked.profile.veto
    agreed = [weight for kind, weight in veto.items() if candidate.shared.get(kind)]
    floor = max([chosen.strength, *agreed])
    weighty = [kind for kind, weight in veto.items() if weight >= floor]
    return [kind for kind in (*weighty, *chosen.unless) if _differs(candidate, kind)]


def _differs(candidate: _Candidate, kind: str) -> bool:
    return kind in candidate.shared and not candidate.shared[kind]


def _match(asked: _Question, chosen: IdentifierSet, found: _Candidate) -> Identified:
    named = ", ".join(f"{kind} {_shown(found.shared[kind])}" for kind in chosen.kinds)
    by = f"{_label(chosen)}, rules v{asked.policy.version}: {named}"
    return Identified("match", found.holder.ci_id, by, resurrected=found.gone)


def _conflict(asked: _Question, found: list[_Candidate], by: str) -> Identified:
    kind, meaning = _conflict_kind(asked, found)
    return Identified("conflict", case=_case(asked, kind, found, f"hit by {by}, but {meaning}"))


def _conflict_kind(asked: _Question, found: list[_Candidate]) -> tuple[CaseKind, str]:
    parted = [each for each in found if each.kin or _contradicted(asked, each)]
    if not parted:
        return CaseKind.CLASS_CONFLICT, "the classes cannot be one thing"
    if any(each.silent for each in parted):
        return CaseKind.REPLACEMENT, "another identifier differs and the CI fell silent"
    return CaseKind.CLONE, "another identifier differs: one identity on two things"


def _ambiguous(asked: _Question, found: list[_Candidate]) -> Identified:
    why = f"{len(found)} CIs are named by equally strong identifiers"
    return Identified("ambiguous", case=_case(asked, CaseKind.DUPLICATE, found, why))


# --- nobody named


def _newcomer(asked: _Question) -> Identified:
    for each in asked.candidates:
        if _still_answers(asked, each):
            return Identified("match", each.holder.ci_id, f"answered here before, rules v{asked.policy.version}")
    proposed = [each for each in asked.candidates if _is_proposed(asked, each)]
    if not proposed:
        return Identified("new")
    if any(_is_replaced(asked, each) for each in proposed):
        why = "stands under the name or in the place of a CI that fell silent"
        return Identified("new", case=_case(asked, CaseKind.REPLACEMENT, proposed, why))
    why = "only weak identifiers are equal"
    return Identified("new", case=_case(asked, CaseKind.DUPLICATE, proposed, why))


def _still_answers(asked: _Question, candidate: _Candidate) -> bool:
    """Return whether this is the device that answered here before: it says no more than it did, and nothing else.

    Weak identifiers make no match between two sources; here one source speaks of what it has spoken of all along.
    """
    if candidate.holder.ci_id != asked.context.answered_here or candidate.gone or _misfits(asked, candidate):
        return False
    said_again = {kind for kind, values in candidate.shared.items() if values} - {"address"}
    return bool(said_again) and not _differs(candidate, "hostname")


def _is_proposed(asked: _Question, candidate: _Candidate) -> bool:
    """A name free again since its CI was retired is no doubt; the same name on hardware that may be the same is one.

    That one of a pair bears the name or the address of the other is none either, as long as that one is there.
    """
    if asked.subject.paired and not candidate.silent:
        return False
    sets = [each for each in asked.profile.sets if each.strength is Strength.WEAK]
    weak = [each for each in sets if candidate.silent or not each.silent]
    hit = candidate.holder.ci_id in asked.context.stood_here or any(candidate.holds(each) for each in weak)
    return hit and not (candidate.gone and _contradicted(asked, candidate))


def _is_replaced(asked: _Question, candidate: _Candidate) -> bool:
    known_only_by_place = not any(candidate.shared.values())
    return candidate.silent and (_contradicted(asked, candidate) or known_only_by_place)


def _contradicted(asked: _Question, candidate: _Candidate) -> bool:
    return any(_differs(candidate, kind) for kind in asked.profile.veto)


# --- words


def _case(asked: _Question, kind: CaseKind, found: list[_Candidate], why: str) -> DuplicateCase:
    evidence = {each.holder.ci_id: _evidence(asked, each) for each in sorted(found, key=lambda e: e.holder.ci_id)}
    return DuplicateCase(kind, why, evidence)


def _evidence(asked: _Question, candidate: _Candidate) -> str:
    lines = [_compared(asked, candidate, kind) for kind in sorted(candidate.shared)]
    place = asked.context.stood_here.get(candidate.holder.ci_id)
    if place:
        lines.append(f"stood in {place}")
    if candidate.silent:
        lines.append("silent")
    if candidate.gone:
        lines.append(str(candidate.holder.state))
    return "; ".join(lines)


def _compared(asked: _Question, candidate: _Candidate, kind: str) -> str:
    mine, shared = asked.mine[kind], candidate.shared[kind]
    if not shared:
        return f"{kind} differs: {_shown(mine)} here, {_shown(candidate.held[kind])} there"
    return f"{kind} equal" if len(mine) == 1 and kind != "mac" else f"{kind} {len(shared)}/{len(mine)}"


def _label(chosen: IdentifierSet) -> str:
    return f"{'+'.join(chosen.kinds)} (set {chosen.rank})"


def _shown(values: frozenset[str]) -> str:
    first, *others = sorted(values)
    return first[:MAX_SHOWN] + (f" and {len(others)} more" if others else "")
