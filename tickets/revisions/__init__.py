"""Changes of working hours, their users, and targets: tried on open clocks, confirmed, applied, worked through.

    from tickets import revisions

    revision = revisions.propose(
        kind=Revision.Kind.POLICY, policy=new, payload={"policy": new.pk, "replaces": old.pk},
        summary="Target penyelesaian 8 jam → 6 jam, juga untuk tiket terbuka", by=request.user,
    )
    return redirect("agent:sla_revision", pk=revision.pk)

`propose` writes one row; the worker (`work`) lists in `revision.moves` which deadlines would move, and makes it READY.
`apply` is what its confirmation calls; the worker then refreshes the clocks and writes one entry into the history of
each ticket whose deadline moved. `discard` throws a proposal away. The page `agent:sla_revision` shows all of that.

Payloads by kind:

- `calendar` (with `calendar=`): the full new definition, see `sla.definitions`.
- `use` (with `calendar=`): {"teams": [ids], "offices": [ids], "default": bool}, all that work by this calendar from
  then on; `default` makes it the calendar of everybody who has no other, and is never taken away but by another.
- `policy` (with `policy=`): {"policy": id, "replaces": id or None}. The new version is saved and in force for new
  tickets already. Applying it makes it hold for the open tickets too: it takes over the validity of the versions
  before it (`valid_from` of the oldest, which become inactive), so that no later step brings the old target back.
  A metric that an open ticket is not measured by yet begins, with the pauses of its past, unless its deed is done.

Raises `tickets.errors`: Forbidden for people who do not keep the settings, InvalidInputs for a payload that cannot
work, WrongState for a revision that is not in the right state, Stale when what it changes was changed since.
"""

from tickets.revisions.job import work
from tickets.revisions.proposals import apply, discard, propose

__all__ = ["apply", "discard", "propose", "work"]
